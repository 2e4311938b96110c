/** Files and assets once more, with their contents in a bucket. */
import { chooseStorage } from '../../storages.ts'

chooseStorage('s3')
await import('./files.test.ts')
await import('../assets/assets.test.ts')
