/** Files and assets once more, with their contents in a folder. */
import { chooseStorage } from '../../storages.ts'

chooseStorage('local')
await import('./files.test.ts')
await import('../assets/assets.test.ts')
