// Fills an empty shop with customers and orders; does nothing to one that has customers.
import { readFile } from 'node:fs/promises'
import { transaction, withLock } from './src/database.js'

const LOCK = 4_711_002

await withLock(LOCK, async (client) => {
  const { rows } = await client.query('SELECT EXISTS (SELECT FROM customers) AS seeded')
  if (rows[0].seeded) {
    console.log('The shop has customers already')
    return
  }
  const sql = await readFile(new URL('./seed.sql', import.meta.url), 'utf8')
  await transaction(client, () => client.query(sql))
  // Fresh statistics, so that the first visitor's queries are planned well.
  await client.query('ANALYZE')
  console.log('Filled the shop with 50,000 customers and 200,000 orders')
})
