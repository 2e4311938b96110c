/** What other plugins may import of the project's settings, as `plinth/settings`. */
import { type Queryable, service } from 'plinth'

export interface ProjectSettings {
  /** All settings, by column; kept until one changes, anywhere. Inside a transaction its `db` is needed. */
  current(db?: Queryable): Promise<Readonly<Record<string, unknown>>>
}

export const projectSettings = service<ProjectSettings>('settings')
