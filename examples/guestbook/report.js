// The daily report that the cron writes: yesterday's sales by product, kept in uploads/.
import { mkdir, writeFile } from 'node:fs/promises'
import { createPool } from './src/database.js'
import { salesOf } from './src/shop.js'

const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
const pool = createPool()
try {
  const report = { day: yesterday, sales: await salesOf(pool, yesterday) }
  const directory = new URL('./uploads/reports/', import.meta.url)
  await mkdir(directory, { recursive: true })
  await writeFile(new URL(`${yesterday}.json`, directory), `${JSON.stringify(report, null, 2)}\n`)
  console.log(`Wrote the report of ${yesterday}: ${report.sales.length} products sold`)
} finally {
  await pool.end()
}
