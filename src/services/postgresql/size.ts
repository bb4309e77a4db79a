// How many rows a server holds, for people to see.
import type { Client } from './connect.ts'
import { name } from './sql.ts'

/** Below this a table is counted, above it the planner's estimate is taken. */
const COUNTED_BYTES = 8 * 1024 * 1024
const AT_ONCE = 200

export async function rowsIn(client: Client): Promise<number> {
  const { rows: tables } = await client.query<{ schema: string; table: string; counted: boolean; estimate: number }>(
    `select n.nspname as schema, c.relname as table, c.reltuples < 0 or pg_relation_size(c.oid) < $1 as counted, greatest(c.reltuples, 0)::float8 as estimate
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
      order by 1, 2`,
    [COUNTED_BYTES],
  )
  let total = tables.filter(({ counted }) => !counted).reduce((sum, { estimate }) => sum + estimate, 0)
  const counted = tables.filter((table) => table.counted)
  for (let start = 0; start < counted.length; start += AT_ONCE) {
    const counts = counted
      .slice(start, start + AT_ONCE)
      .map(({ schema, table }) => `select count(*) as n from only ${name(schema)}.${name(table)}`)
    const { rows } = await client.query<{ n: string }>(`select coalesce(sum(n), 0) as n from (${counts.join(' union all ')}) counts`)
    total += Number(rows[0]?.n ?? 0)
  }
  return Math.round(total)
}
