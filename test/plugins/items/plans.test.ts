/** How PostgreSQL finds what queries over relations of large tables ask for: no table is read once for each row of another one, and no two are multiplied. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

/** Large enough that PostgreSQL prefers an index to reading all of it for a few rows. */
const sizes = { parent: 5000, child: 20_000, child_tag: 20_000, tag: 5000, part: 10_000 } as const
/** Those of the parents that have anything, so that they have much of it. */
const parents = 500
const sql = `
create table parent (id serial primary key, name text, n integer);
create table child (id serial primary key, parent integer references parent, title text, amount integer);
create table tag (id serial primary key, name text);
create table child_tag (id serial primary key, child integer references child, tag integer references tag);
create table part (id serial primary key, parent integer references parent, item text, collection text, sort integer);
insert into parent (name, n) select 'Parent ' || n, n % 7 from generate_series(1, ${sizes.parent}) n;
insert into child (parent, title, amount) select n % ${parents} + 1, 'Child ' || n, n * 7919 % 1000 from generate_series(1, ${sizes.child}) n;
insert into tag (name) select 'Tag ' || n from generate_series(1, ${sizes.tag}) n;
insert into child_tag (child, tag) select n % ${sizes.child} + 1, n % ${sizes.tag} + 1 from generate_series(1, ${sizes.child_tag}) n;
insert into part (parent, item, collection, sort)
  select n % ${parents} + 1, n % ${sizes.tag} + 1, (array['tag', 'child'])[n % 2 + 1], n % 5 from generate_series(1, ${sizes.part}) n;
`
const indexes = `create index on child (parent); create index on child_tag (child); create index on child_tag (tag); create index on part (parent);`
const meta = `
insert into directus_relations (many_collection, many_field, one_collection, one_field, junction_field) values
  ('child', 'parent', 'parent', 'children', null), ('child_tag', 'child', 'child', 'tags', 'tag'), ('child_tag', 'tag', 'tag', 'children', 'child'),
  ('part', 'parent', 'parent', 'parts', 'item');
insert into directus_relations (many_collection, many_field, one_collection_field, one_allowed_collections, junction_field) values
  ('part', 'item', 'collection', 'tag,child', 'parent');
insert into directus_fields (collection, field, special) values
  ('parent', 'children', 'o2m'), ('child', 'tags', 'm2m'), ('tag', 'children', 'm2m'), ('parent', 'parts', 'm2a');
`

const queries: readonly [what: string, query: string][] = [
  ['o2m', 'parent?fields=*,children.*'],
  ['o2m, some of each', 'parent?fields=id,children.id&deep[children][_limit]=2&deep[children][_offset]=1&deep[children][_sort]=-amount'],
  ['o2m, filtered', 'parent?fields=id,children.id&deep[children][_filter][amount][_gt]=500'],
  ['o2m below m2o', 'child?fields=id,parent.name,parent.children.id'],
  ['m2o below o2m', 'parent?fields=id,children.parent.name'],
  ['m2m', 'child?fields=id,tags.tag.name'],
  ['m2m below o2m', 'parent?fields=id,children.tags.tag.name'],
  ['m2m and back', 'tag?fields=name,children.child.tags.id&limit=5'],
  ['m2a', 'parent?fields=id,parts.item:tag.name,parts.item:child.title'],
  ['o2m below m2a', 'parent?fields=id,parts.item:child.tags.id'],
  ['a count shown', 'parent?fields=id,count(children)'],
  ['a count filtered and sorted by', 'parent?fields=id&filter[count(children)][_gt]=3&sort=-count(children)'],
  ['filter over o2m', 'parent?fields=id&filter[children][amount][_gt]=900'],
  ['filter over m2m', 'child?fields=id&filter[tags][tag][name][_eq]=Tag 7'],
  ['filter over m2a', 'parent?fields=id&filter[parts][item:tag][name][_eq]=Tag 7'],
  ['filter over one of two o2m', 'parent?fields=id&filter={"_or":[{"children":{"amount":{"_eq":-1}}},{"parts":{"sort":{"_eq":9}}}]}'],
  [
    'filter over two o2m, and something else',
    'parent?fields=id&filter={"n":{"_lt":9},"_or":[{"children":{"amount":{"_eq":-1}}},{"parts":{"sort":{"_eq":9}}}]}',
  ],
  ['filter by a count over o2m', 'parent?fields=id&filter[children][count(tags)][_gt]=3'],
  ['some', 'parent?fields=id&filter[children][_some][amount][_gt]=900'],
  ['none', 'parent?fields=id&filter[children][_none][amount][_gt]=10'],
  ['some of some', 'parent?fields=id&filter[children][_some][tags][_some][tag][name][_eq]=Tag 7'],
  ['none of some', 'parent?fields=id&filter[children][_some][tags][_none][tag][_gt]=0'],
  [
    'some of one or none of another',
    'parent?fields=id&filter={"_or":[{"children":{"_some":{"amount":{"_lt":0}}}},{"parts":{"_none":{"sort":{"_gte":0}}}}]}',
  ],
  ['some against the arrow', 'parent?fields=id&filter[$FOLLOW(child,parent)][_some][amount][_gt]=990'],
  ['groups of related rows', 'parent?fields=id,children&deep[children][_aggregate][sum]=amount&deep[children][_group]=amount'],
  ['aggregates of related rows', 'parent?fields=id,children&deep[children][_aggregate][count]=*'],
  [
    'groups of related rows below o2m, filtered and cut',
    'parent?fields=id,children.tags&deep[children][tags]={"_aggregate":{"count":"*"},"_group":"tag","_limit":2,"_filter":{"tag":{"_gt":5}}}',
  ],
  ['aggregates of related rows below m2o', 'child?fields=id,parent.children&deep[parent][children][_aggregate][max]=amount'],
  ['a count below o2m', 'parent?fields=id,children.count(tags)'],
  ['sort related rows over o2m', 'parent?fields=id,children.id&deep[children][_sort]=tags.tag.name'],
  ['sort related rows by a count', 'parent?fields=id,children.id&deep[children][_sort]=-count(tags)&deep[children][_limit]=2'],
  ['sort over m2m', 'child?fields=id&sort=tags.tag.name'],
  ['sort over m2a', 'parent?fields=id&sort=parts.item:tag.name'],
  ['search below', 'parent?fields=id,children.id&deep[children][_search]=Child 77'],
  ['sort over m2o', 'child?fields=id&sort=-parent.name'],
  ['sort over o2m', 'parent?fields=id&sort=-children.amount,children.title'],
  ['groups over m2o', 'child?aggregate[sum]=amount&groupBy=parent.n'],
  ['counts', 'parent?fields=id&filter[children][amount][_gt]=500&meta=*&limit=5'],
]

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Join Filter'?: number
  readonly Plans?: readonly Node[]
}

/** The most rows that any step handles, all rounds of a loop together. */
function mostIn(node: Node): number {
  const own =
    (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)) * node['Actual Loops']
  return Math.max(own, ...(node.Plans ?? []).map(mostIn))
}

/** Rows read of each table, all rounds of a loop together. A statement may read a table for each thing that it asks of it. */
function readOf(node: Node, found: Record<string, number> = {}): Record<string, number> {
  const name = node['Relation Name']
  if (name) found[name] = (found[name] ?? 0) + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
  for (const inner of node.Plans ?? []) readOf(inner, found)
  return found
}

for (const [kind, more] of [
  ['without indexes on foreign keys', ''],
  ['with them', indexes],
] as const) {
  describe(`plans on large tables, ${kind}`, () => {
    let host: TestHost
    before(async () => {
      host = await startKernel({ sql: sql + more })
      await host.kernel.db.execute(`${meta}; analyze`)
      await host.kernel.registry.reload()
    })
    after(() => host.close())

    for (const [what, query] of queries) {
      test(what, async () => {
        const { status, data, body } = await host.api('GET', `/items/${query}&explain=analyze`)
        assert.equal(status, 200, JSON.stringify(body))
        for (const [table, rows] of Object.entries(readOf(data.plan.Plan))) {
          const size = sizes[table as keyof typeof sizes]
          assert.ok(rows <= 5 * size, `${table} has ${size} rows, ${rows} were read: ${data.statement}`)
        }
        const most = mostIn(data.plan.Plan)
        assert.ok(most <= 5 * sizes.child, `${most} rows in one step: ${data.statement}`)
      })
    }
  })
}
