/** Exports: what each format looks like, and that lists of any length come whole, in order and once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { definePlugin } from 'plinth'
import { itemsRead } from 'plinth/items'
import type { TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'
import { oddTable, startLibrary } from './library.ts'

const data = `
insert into author (id, name, mentor, secret) values (1, 'Ann "A"', null, 'shh'), (2, 'Bøb, 日本 😀', 1, null);
insert into article (id, title, rating, price, score, published, day, data, tags, author) values
  (1, '=1+1', 1, 1.50, 0.5, true, '2001-02-03', '{"a":{"b":[1,{"c":2}]},"e":{}}', 'red,green', 1),
  (2, E'two\\nlines', null, null, null, false, null, '[1,"x",null]', '', null),
  (3, '', null, null, null, null, null, null, null, 2);
create table "sp ace ""é" (id integer primary key, "1 <a> & b" text, "x:y" text);
insert into "sp ace ""é" values (1, E'\\x01 ]]> <&>', null);
create table many (id integer primary key, n integer, label text, info json);
insert into many select i, case when i % 7 > 0 then i % 5 end, repeat('x', i % 50), case when i = 4000 then '{"late":true}'::json end
  from generate_series(1, 5000) i;
create table pair (a integer, b text, primary key (a, b));
insert into pair select i % 30, 'k' || i from generate_series(1, 3000) i;
`

describe('export', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startLibrary({ wrap: recorder.wrap })
    await host.kernel.db.execute(data)
    await host.kernel.registry.reload()
  })
  after(() => host.close())

  async function file(path: string) {
    const request = new Request(`http://localhost${path}`, { headers: { authorization: 'Bearer admin-token' } })
    const response = await host.kernel.fetch(request)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer())
    return { status: response.status, type: response.headers.get('content-type'), name: response.headers.get('content-disposition'), text }
  }
  const textOf = async (path: string) => {
    const { status, text } = await file(path)
    assert.equal(status, 200, text)
    return text
  }

  describe('formats', () => {
    const nested = '/items/article?fields=id,author.name,author.articles,data,tags&limit=3'
    const cases: [why: string, path: string, text: string][] = [
      [
        'csv quotes strings, not numbers and booleans, and leaves null empty',
        '/items/article?fields=id,title,rating,price,score,published,day&export=csv',
        '"id","title","rating","price","score","published","day"\n1,"=1+1",1,"1.50",0.5,true,"2001-02-03"\n2,"two\nlines",,,,false,\n3,"",,,,,',
      ],
      [
        'csv spreads objects over columns in the order of first sight',
        `${nested}&export=csv`,
        [
          '"id","author.name","author.articles","data.a.b","data.e","tags","author","data"',
          '1,"Ann ""A""","[1]","[1,{""c"":2}]","{}","[""red"",""green""]",,',
          '2,,,,,"[]",,"[1,""x"",null]"',
          '3,"Bøb, 日本 😀","[3]",,,,,',
        ].join('\n'),
      ],
      ['csv_utf8 begins with a byte order mark', '/items/author?fields=id&export=csv_utf8&limit=1', '\uFEFF"id"\n1'],
      [
        'json is a bare list',
        '/items/author?fields=id,mentor&export=json&meta=*',
        '[\n\t{\n\t\t"id": 1,\n\t\t"mentor": null\n\t},\n\t{\n\t\t"id": 2,\n\t\t"mentor": 1\n\t}\n]',
      ],
      [
        'ndjson is a row a line',
        '/items/article?fields=id,title&limit=2&export=ndjson',
        '{"id":1,"title":"=1+1"}\n{"id":2,"title":"two\\nlines"}\n',
      ],
      [
        'xml repeats the elements of lists, says null as a word and leaves out empty lists',
        `${nested}&filter[id][_lt]=3&export=xml`,
        `<?xml version='1.0'?>
<data>
    <data>
        <id>1</id>
        <author>
            <name>Ann "A"</name>
            <articles>1</articles>
        </author>
        <data>
            <a>
                <b>1</b>
                <b>
                    <c>2</c>
                </b>
            </a>
            <e/>
        </data>
        <tags>red</tags>
        <tags>green</tags>
    </data>
    <data>
        <id>2</id>
        <author>null</author>
        <data>1</data>
        <data>x</data>
        <data>null</data>
    </data>
</data>`,
      ],
      [
        'xml holds no character and no name that XML does not allow',
        `/items/${encodeURIComponent('sp ace "é')}?export=xml`,
        "<?xml version='1.0'?>\n<data>\n    <data>\n        <id>1</id>\n        <_1__a____b>\uFFFD ]]&gt; &lt;&amp;></_1__a____b>\n        <x_y>null</x_y>\n    </data>\n</data>",
      ],
      [
        'yaml quotes what would be something else',
        '/items/article?fields=id,title,day,data,author.name&export=yaml&limit=2',
        `- id: 1
  title: '=1+1'
  day: '2001-02-03'
  data:
    a:
      b:
        - 1
        - c: 2
    e: {}
  author:
    name: Ann "A"
- id: 2
  title: |-
    two
    lines
  day: null
  data:
    - 1
    - x
    - null
  author: null
`,
      ],
      ['an item is no list: csv', '/items/author/2?fields=id,name&export=csv', '"id","name"\n2,"Bøb, 日本 😀"'],
      ['an item is no list: json', '/items/author/2?fields=id&export=json', '{\n\t"id": 2\n}'],
      ['an item is no list: xml', '/items/author/2?fields=id&export=xml', "<?xml version='1.0'?>\n<data>\n    <id>2</id>\n</data>"],
      ['an item is no list: yaml', '/items/author/2?fields=id&export=yaml', 'id: 2\n'],
      [
        'aggregates',
        '/items/article?aggregate[count]=*&aggregate[sum]=rating&groupBy=author&sort=author&export=csv',
        '"author","count","sum.rating"\n1,"1","1"\n2,"1",\n,"1",',
      ],
      ['no rows: csv', '/items/author?limit=0&export=csv', ''],
      ['no rows: csv_utf8', '/items/author?filter[id]=9&export=csv_utf8', ''],
      ['no rows: json', '/items/author?filter[id]=9&export=json', '[]'],
      ['no rows: ndjson', '/items/author?filter[id]=9&export=ndjson', ''],
      ['no rows: xml', '/items/author?filter[id]=9&export=xml', "<?xml version='1.0'?>\n<data/>"],
      ['no rows: yaml', '/items/author?filter[id]=9&export=yaml', '[]\n'],
      ['other prefixes', '/roles?fields=name&export=csv', '"name"\n"Administrator"'],
      ['views without a key', '/items/titles?fields=title&sort=title&limit=2&export=csv', '"title"\n""\n"=1+1"'],
    ]
    for (const [why, path, text] of cases) test(why, async () => assert.equal(await textOf(path), text))
  })

  test('SEARCH exports by query and by keys', async () => {
    const { body } = await host.api('SEARCH', '/items/author', { body: { keys: [2, 1, 9], query: { fields: ['id'], export: 'csv' } } })
    assert.equal(body, '"id"\n1\n2')
  })

  test('the file has a type and a name, whatever the collection is called', async () => {
    const plain = await file('/items/author?export=ndjson')
    assert.equal(plain.type, 'application/x-ndjson; charset=utf-8')
    assert.match(plain.name!, /^attachment; filename="author \d{8}-\d{3,6}\.ndjson"$/)
    const odd = await file(`/items/${encodeURIComponent('sp ace "é')}?export=xml`)
    assert.equal(odd.type, 'text/xml; charset=utf-8')
    assert.match(
      odd.name!,
      /^attachment; filename="sp ace __ \d{8}-\d{3,6}\.xml"; filename\*=UTF-8''sp%20ace%20%22%C3%A9%20\d{8}-\d{3,6}\.xml$/,
    )
    assert.equal((await file(`/items/${encodeURIComponent(oddTable)}?export=csv`)).status, 200)
  })

  const refusals: [query: string, status: number, code: string][] = [
    ['export=bogus', 400, 'INVALID_QUERY'],
    ['export=CSV', 400, 'INVALID_QUERY'],
    ['export[]=csv', 400, 'INVALID_QUERY'],
    ['export=csv&fields=missing', 403, 'FORBIDDEN'],
    ['export=csv&sort=data', 400, 'INVALID_QUERY'],
    ['export=json&filter[rating][_eq]=x', 400, 'INVALID_QUERY'],
  ]
  for (const [query, status, code] of refusals) {
    test(`${query} answers ${status}`, async () => {
      const answer = await host.api('GET', `/items/article?${query}`)
      assert.deepEqual([answer.status, answer.code], [status, code])
    })
  }

  describe('many rows', () => {
    const rowsOf = async (path: string) =>
      (await textOf(`${path}&export=ndjson`))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    const orders = [
      '',
      'sort=id',
      'sort=-id',
      'sort=n',
      'sort=-n,label',
      'sort=label,-n,-id',
      'sort=-label,id',
      'limit=2345',
      'sort=n&offset=1500',
    ]
    for (const order of orders) {
      test(`come as in one list, in more than one statement: ${order || 'no order'}`, async () => {
        const query = `/items/many?fields=id,n&${order.includes('limit') ? '' : 'limit=-1&'}${order}`
        const whole = (await host.api('GET', query)).data
        recorder.take()
        assert.deepEqual(await rowsOf(query), whole)
        assert.ok(recorder.take().filter(({ text }) => text.includes('"many"')).length > 1)
      })
    }

    test('of a composite key', async () => {
      const rows = await rowsOf('/items/pair?limit=-1&sort=-b')
      assert.deepEqual(rows, (await host.api('GET', '/items/pair?limit=-1&sort=-b')).data)
      assert.deepEqual(await rowsOf('/items/pair?limit=-1'), (await host.api('GET', '/items/pair?limit=-1')).data)
    })

    test('without a limit the default holds', async () => assert.equal((await rowsOf('/items/many?fields=id')).length, 100))

    test('csv has the columns of rows that come late', async () => {
      const lines = (await textOf('/items/many?fields=id,info&limit=-1&export=csv')).split('\n')
      assert.equal(lines.length, 5001)
      assert.deepEqual([lines[0], lines[1], lines[4000], lines[5000]], ['"id","info","info.late"', '1,,', '4000,,true', '5000,,'])
    })

    test('csv without objects is read once', async () => {
      const statements = async (format: string) => {
        recorder.take()
        await textOf(`/items/many?fields=id,label&limit=-1&export=${format}`)
        return recorder.take().filter(({ text }) => text.includes('"many"')).length
      }
      assert.equal(await statements('csv'), await statements('ndjson'))
    })

    test('nothing is read ahead of a client that takes its time', async () => {
      const request = new Request('http://localhost/items/many?limit=-1&export=ndjson', {
        headers: { authorization: 'Bearer admin-token' },
      })
      const { body } = await host.kernel.fetch(request)
      const reader = body!.getReader()
      const read = () => recorder.take().filter(({ text }) => text.includes('"many"')).length
      for (let chunk = 0; chunk < 2; chunk++) await reader.read()
      read()
      await sleep(50)
      assert.equal(read(), 0, 'and no transaction is held: each batch is a statement of its own')
      await reader.read()
      assert.equal(read(), 1)
      await reader.cancel()
    })

    test('nothing more is read once the client has gone', async () => {
      const request = new Request('http://localhost/items/many?fields=id&limit=-1&export=json', {
        headers: { authorization: 'Bearer admin-token' },
      })
      recorder.take()
      const { body } = await host.kernel.fetch(request)
      const reader = body!.getReader()
      await reader.read()
      await reader.cancel()
      assert.equal(recorder.take().filter(({ text }) => text.includes('"many"')).length, 2)
    })
  })
})

test('batches shrink where rows are wide; a row too large for an answer is a 400', async () => {
  const host = await startLibrary({ env: { RESPONSE_MAX: '20kb' } })
  try {
    await host.kernel.db.execute(`insert into note select lpad(i::text, 4, '0'), repeat('x', 300) from generate_series(1, 1200) i`)
    assert.equal((await host.api('GET', '/items/note?limit=-1')).status, 400)
    const { body } = await host.api('GET', '/items/note?limit=-1&export=json')
    assert.deepEqual(
      body.map(({ id }: { id: string }) => Number(id)),
      Array.from({ length: 1200 }, (_, i) => i + 1),
    )
    await host.kernel.db.execute(`insert into note values ('0000', repeat('x', 30000))`)
    const refused = await host.api('GET', '/items/note?limit=-1&export=json')
    assert.deepEqual([refused.status, refused.code], [400, 'INVALID_QUERY'])
  } finally {
    await host.close()
  }
})

test('an error behind the first rows breaks the file off and is logged', async () => {
  const failing = definePlugin({
    name: 'failing',
    setup(host) {
      let batches = 0
      host.hook(itemsRead, async function fail(event, next) {
        if (event.table.name === 'note' && ++batches === 3) throw new Error('Enough.')
        await next()
      })
    },
  })
  const host = await startLibrary({ plugins: [failing] })
  try {
    await host.kernel.db.execute(`insert into note select i::text, repeat('x', 3000) from generate_series(1, 3000) i`)
    const request = new Request('http://localhost/items/note?limit=-1&export=json', { headers: { authorization: 'Bearer admin-token' } })
    const response = await host.kernel.fetch(request)
    assert.equal(response.status, 200)
    await assert.rejects(response.text())
    assert.ok(host.logs.some(({ level, collection }) => level === 'error' && collection === 'note'))
  } finally {
    await host.close()
  }
})
