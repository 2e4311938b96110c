/** Files that are not taken. The server is started with FILES_MAX_UPLOAD_SIZE and FILES_MIME_TYPE_ALLOW_LIST as own.ts has them. */
import { textFile } from '../../form.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const ask = '/files?fields=type,filesize'
  api.proves('files: mime-list')
  await api.upload(ask, [['x', textFile('x')]], { label: 'an allowed type' })
  await api.upload(ask, [['x', textFile('x', 'a.bin', 'application/x-refused')]], { label: 'another type' })
  await api.upload(ask, [['x', textFile('x'.repeat(102_399))]], { label: 'as large as allowed' })
  await api.upload(ask, [['x', textFile('x'.repeat(102_401))]], { label: 'larger' })
  await api.call('POST', '/files/tus', { headers: { 'tus-resumable': '1.0.0', 'upload-length': '5' } })
}

export default scenario
