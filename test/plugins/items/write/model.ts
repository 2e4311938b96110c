/** Nested writes in plain JavaScript: one item after the other, row by row, as somebody would who has all the time in the world. What the engine does at once must come to the same. */

export type Row = Record<string, unknown>
export type Payload = Record<string, unknown>
type TableName = 'person' | 'order' | 'line' | 'product'

/** Which field of a table leads where. */
const ones: Readonly<Record<TableName, Readonly<Record<string, TableName>>>> = {
  person: { boss: 'person' },
  order: { buyer: 'person' },
  line: { order: 'order', product: 'product' },
  product: {},
}
const lists: Readonly<Record<TableName, Readonly<Record<string, { table: TableName; field: string; sort?: string; remove?: boolean }>>>> = {
  person: { staff: { table: 'person', field: 'boss' }, orders: { table: 'order', field: 'buyer' } },
  order: { lines: { table: 'line', field: 'order', sort: 'sort', remove: true } },
  line: {},
  product: {},
}
const columns: Readonly<Record<TableName, readonly string[]>> = {
  person: ['name'],
  order: ['title', 'note'],
  line: ['amount', 'sort'],
  product: ['name', 'code'],
}
const required: Readonly<Record<TableName, string | undefined>> = { person: 'name', order: 'title', line: undefined, product: 'name' }

/** What the database would refuse. */
export class Refused extends Error {}

export class Model {
  readonly tables: Record<TableName, Map<number, Row>> = { person: new Map(), order: new Map(), line: new Map(), product: new Map() }
  #next = 1_000_000

  /** All or nothing. */
  attempt(work: () => void): boolean {
    const before = structuredClone(this.tables)
    try {
      work()
      return true
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      Object.assign(this.tables, before)
      return false
    }
  }

  create(table: TableName, payload: Payload): number {
    const field = required[table]
    if (field && typeof payload[field] !== 'string') throw new Refused(field)
    const row: Row = Object.fromEntries(columns[table].map((name) => [name, payload[name] ?? (name === 'amount' ? 1 : null)]))
    for (const name of Object.keys(ones[table])) row[name] = null
    this.#setOnes(table, row, payload)
    const key = (payload.id as number | undefined) ?? this.#next++
    if (this.tables[table].has(key)) throw new Refused('taken')
    this.tables[table].set(key, row)
    this.#checkUnique(table)
    this.#setLists(table, key, payload)
    return key
  }

  update(table: TableName, key: number, payload: Payload): void {
    const row = this.tables[table].get(key)!
    const field = required[table]
    if (field && payload[field] === null) throw new Refused(field)
    this.#setOnes(table, row, payload)
    for (const name of columns[table]) if (payload[name] !== undefined) row[name] = payload[name]
    if (table === 'line' && row.amount === null) throw new Refused('amount')
    this.#checkUnique(table)
    this.#setLists(table, key, payload)
  }

  save(table: TableName, payload: Payload): number {
    const key = payload.id as number | undefined
    if (key === undefined || !this.tables[table].has(key)) return this.create(table, payload)
    this.update(table, key, payload)
    return key
  }

  #setOnes(table: TableName, row: Row, payload: Payload): void {
    for (const [name, target] of Object.entries(ones[table])) {
      const value = payload[name]
      if (value === undefined) continue
      const key = typeof value === 'object' && value !== null ? this.save(target, value as Payload) : (value as number | null)
      if (key !== null && !this.tables[target].has(key)) throw new Refused(name)
      row[name] = key
    }
  }

  #setLists(table: TableName, key: number, payload: Payload): void {
    for (const [name, { table: target, field, sort, remove }] of Object.entries(lists[table])) {
      if (payload[name] === undefined) continue
      const value = payload[name] ?? []
      const rows = this.tables[target]
      const children = () => [...rows].filter(([, row]) => row[field] === key).map(([child]) => child)
      const leave = (child: number) => {
        if (remove) rows.delete(child)
        else rows.get(child)![field] = null
      }
      if (Array.isArray(value)) {
        const kept = value.map((entry: number | Payload) => this.#belong(target, field, key, entry, true))
        for (const child of children()) if (!kept.includes(child)) leave(child)
        continue
      }
      const { create = [], update = [], delete: removed = [] } = value as { create?: Payload[]; update?: Payload[]; delete?: number[] }
      const highest = Math.max(0, ...children().map((child) => Number(rows.get(child)![sort ?? ''] ?? 0)))
      for (const [i, entry] of create.entries()) {
        const numbered = sort && entry[sort] === undefined ? { ...entry, [sort]: highest + i + 1 } : entry
        this.create(target, { ...numbered, [field]: key })
      }
      for (const entry of update) this.#belong(target, field, key, entry, false)
      for (const child of removed) if (rows.get(child)?.[field] === key) leave(child)
    }
  }

  #belong(table: TableName, field: string, owner: number, entry: number | Payload, make: boolean): number {
    const payload = typeof entry === 'object' ? entry : { id: entry }
    const known = this.tables[table].get(payload.id as number)
    if (known) {
      this.update(table, payload.id as number, known[field] === owner ? payload : { ...payload, [field]: owner })
      return payload.id as number
    }
    if (typeof entry !== 'object') throw new Refused('unknown')
    return make ? this.create(table, { ...payload, [field]: owner }) : -1
  }

  #checkUnique(table: TableName): void {
    if (table !== 'product') return
    const codes = [...this.tables.product.values()].flatMap(({ code }) => (code === null ? [] : [code]))
    if (new Set(codes).size < codes.length) throw new Refused('code')
  }
}
