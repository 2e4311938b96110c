/** What a document may hold beside the model. */

/** Of a configuration. */
export const groups = ['access', 'settings'] as const
export type Group = (typeof groups)[number]

/** `untold`: also the tables of which nothing is said. */
export const extras = ['untold', ...groups] as const
export type Extra = (typeof extras)[number]
