/** Downloads and transforms at /assets: images compared by format, size and coarse colour. */
import { moving, quarters, seen } from '../../plugins/assets/library.ts'
import { download, makeShelf } from '../assets.ts'
import type { Api, CallOptions } from '../runner.ts'

export default async function assets(api: Api): Promise<void> {
  const { add, clear } = makeShelf(api)
  const picture = await quarters()
  const png = await add(await picture.clone().png().toBuffer(), 'quad.png', 'image/png')
  const jpg = await add(await picture.clone().jpeg().toBuffer(), 'quad.jpg', 'image/jpeg')
  const turned = await add(await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(), 'turned.jpg', 'image/jpeg')
  const wide = await add(await (await quarters(6002, 10)).png().toBuffer(), 'wide.png', 'image/png')
  const gif = await add(await moving('gif'), 'moving.gif', 'image/gif')
  const ten = await add('0123456789', 'ten.txt', 'text/plain')
  const svg = await add('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'd.svg', 'image/svg+xml')
  const image = { see: seen, headersKept: ['content-type'] }
  const transform = (query: string, options: CallOptions = {}, id = png) =>
    api.get(`/assets/${id}?${encodeURI(query)}`, { ...image, ...options })

  api.proves('files: headers')
  for (const rest of ['', '?download', '/other.md', '/other.md?download', '.png', '?download=false'])
    await api.get(`/assets/${ten}${rest}`, {
      ...download,
      headersKept: [...download.headersKept, 'cache-control', 'last-modified'].slice(0, 5),
    })
  await transform('format=webp&download', { headersKept: ['content-type', 'content-disposition'] })

  api.proves('files: not-modified')
  for (const name of ['%E6%9D%B1%E4%BA%AC%20tower.png', '%C3%A9%22x.jpg', 'a%2Fb.jpg', '%E2%82%AC.jpg'])
    await api.get(`/assets/${ten}/${name}`, download)
  const { headers } = await api.get(`/assets/${ten}`, { setup: true })
  await api.get(`/assets/${ten}`, {
    label: 'the content that one has',
    headers: { 'if-none-match': headers.get('etag')! },
    see: download.see,
  })
  await api.get(`/assets/${ten}`, { label: 'another content than one has', headers: { 'if-none-match': '"x"' }, see: download.see })

  api.proves('files: ranges')
  for (const range of [
    'bytes=2-4',
    'bytes=4-',
    'bytes=-3',
    'bytes=-100',
    'bytes=8-100',
    'bytes=1-2,5-6',
    'bytes=20-',
    'bytes=5-2',
    'bytes=-0',
    'lines=1-2',
    'bytes=abc',
  ])
    await api.get(`/assets/${ten}`, { ...download, label: `Range: ${range}`, headers: { range } })
  await transform('width=100', { label: 'Range of an image', headers: { range: 'bytes=0-3' } })
  await api.call('HEAD', `/assets/${ten}`, { ...download, headersKept: [...download.headersKept, 'content-length'] })

  api.proves('files: parameters')
  for (const query of [
    'width=100',
    'height=50',
    'width=100&height=100',
    'width=',
    'quality=50',
    'foo=bar',
    'transforms=[["rotate",90]]',
    'transforms=[["flip"],["flop"]]',
    'transforms=[["flip"]]&width=100',
    'transforms=[["resize",{"width":50,"height":20,"fit":"fill"}]]',
    'transforms=[["extract",{"left":0,"top":0,"width":50,"height":50}]]',
    'transforms=[["extend",{"top":10,"background":"red"}]]',
    'transforms=[["toFormat","webp"]]',
    'transforms=[]',
    'width=0',
    'width=-5',
    'width=100.5',
    'width=abc',
    'width=1&width=2',
    'quality=101',
    'format=bmp',
    'fit=foo&width=10',
    'transforms=foo',
    'transforms={}',
    'transforms=["flip"]',
    'transforms=[["toFile","/tmp/x"]]',
    'transforms=[["composite",[]]]',
    'transforms=[["blur","x"]]',
    'transforms=[["flip"],["flip"],["flip"],["flip"],["flip"]]',
    'transforms=[["flip"],["flip"],["flip"],["flip"],["flip"],["flip"]]',
    'transforms=[["extract",{"left":390,"top":0,"width":50,"height":50}]]',
  ])
    await transform(query)
  await transform('format=jpg&quality=0', {}, jpg)
  await transform('width=100', {}, turned)
  await transform('quality=50', {}, turned)

  api.proves('files: size-limit')
  for (const query of [
    'width=6000&format=jpg&quality=1',
    'width=6001',
    'height=6000',
    'transforms=[["resize",{"width":7000}]]',
    'transforms=[["extend",7000]]',
  ])
    await transform(query)
  await transform('width=10', { label: 'a source that is too wide' }, wide)

  api.proves('files: enlargement')
  for (const query of [
    'width=800',
    'width=800&withoutEnlargement=true',
    'width=800&withoutEnlargement=false',
    'width=100&height=100&fit=contain',
    'width=100&height=100&fit=inside',
    'width=100&height=100&fit=outside',
    'width=100&height=100&fit=fill',
    'format=jpeg',
    'format=JPG',
    'format=WEBP',
    'format=avif',
    'format=tiff',
  ])
    await transform(query)

  api.proves('files: auto')
  for (const accept of ['image/avif,image/webp,*/*', 'image/webp', '*/*', 'text/html'])
    await transform('format=auto&width=40', { label: `format=auto for ${accept}`, headers: { accept } }, jpg)

  api.proves('files: untouched')
  for (const query of ['', '?width=0', '?format=webp', '?fit=foo&width=3'])
    for (const id of [ten, svg]) await api.get(`/assets/${id}${query}`, { ...download, label: `${id === ten ? 'text' : 'svg'}${query}` })
  await transform('width=30', { label: 'a moving image' }, gif)

  api.proves('files: focal')
  for (const query of [
    '',
    '&focal_point_x=0&focal_point_y=0',
    '&focal_point_x=400&focal_point_y=200',
    '&focal_point_x=400',
    '&focal_point_x=&focal_point_y=50',
    '&fit=inside&focal_point_x=400&focal_point_y=200',
    '&focal_point_x=-5&focal_point_y=50',
  ])
    await transform(`height=100&width=100${query}`)
  await transform('focal_point_x=0&focal_point_y=0')
  await transform('width=100&focal_point_x=400&focal_point_y=200')
  await api.patch(`/files/${png}`, { focal_point_x: 400, focal_point_y: 200 }, { setup: true })
  for (const query of ['', '&focal_point_x=0&focal_point_y=0'])
    await transform(`width=100&height=100${query}`, { label: `the stored point${query}` })
  await api.patch(`/files/${png}`, { focal_point_x: null, focal_point_y: null }, { setup: true })

  api.proves('files: keys')
  const settings = (body: object) => api.patch('/settings', body, { setup: true })
  const storage_asset_presets = [
    { key: 'a', fit: 'cover', width: 120, height: 80, quality: 50, format: 'webp' },
    { key: 't', transforms: [['rotate', 90]] },
    { key: 'big', width: 9000 },
    { key: 'bad', width: -3 },
  ]
  await settings({ storage_asset_presets })
  for (const mode of ['all', 'presets', 'none']) {
    await settings({ storage_asset_transform: mode })
    for (const query of [
      '',
      'width=10',
      'format=png',
      'key=a',
      'key=t',
      'key=a&width=10',
      'key=a&height=10',
      'key=a&format=png',
      'key=big',
      'key=bad',
      'key=nope',
      'key=',
      'key=system-small-cover',
      'key=system-small-contain',
      'key=system-medium-cover',
      'key=system-large-contain',
      'key=system-small-cover&width=10',
      'transforms=[]',
    ])
      await transform(query, { label: `${mode}: ${query}` })
  }
  await settings({ storage_asset_transform: 'all', storage_asset_presets: null })

  api.proves('files: token')
  for (const [label, options] of Object.entries<CallOptions>({
    'without rights': { token: null },
    'a wrong token': { token: 'wrong' },
    'a broken session': { token: null, headers: { cookie: 'directus_session_token=wrong' } },
  }))
    await api.get(`/assets/${ten}`, { ...download, label, ...options })
  await api.get(`/assets/${ten}?access_token=${api.target.admin.token}`, download)
  await api.get(`/assets/${ten}?access_token=${api.target.admin.token}`, { ...download, label: 'the token in the query', token: null })
  for (const key of ['nope', 'aaaaaaaa-0000-4000-8000-000000000000', `${ten}/a/b`])
    await api.get(`/assets/${key}`, { keep: ({ errors }) => errors[0].extensions.code })
  await settings({ project_logo: png })
  await transform('width=20', { label: 'the logo', token: null, headersKept: ['cache-control'] })
  await settings({ project_logo: null })
  await transform('width=20', { label: 'no logo any more', token: null })
  for (const [label, place] of Object.entries({
    'a content that is not in its storage': { storage: 'local', filename_disk: 'never.png' },
    'a storage that there is not': { storage: 'nope', filename_disk: 'never.png' },
  })) {
    const { data } = await api.post('/files', { type: 'image/png', filename_download: 'x.png', ...place }, { setup: true })
    for (const query of ['', '?width=10'])
      await api.get(`/assets/${data.id}${query}`, { label: label + query, keep: ({ errors }) => errors[0].extensions.code })
    await api.patch(`/files/${data.id}`, { storage: 'local' }, { setup: true })
    await api.delete(`/files/${data.id}`, { setup: true })
  }
  await clear()
}
