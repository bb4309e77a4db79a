// What the shop and its guest book know, asked of the database.

export async function counts(pool) {
  const { rows } = await pool.query(`
    SELECT (SELECT count(*) FROM customers)::int AS customers,
           (SELECT count(*) FROM orders)::int AS orders,
           (SELECT count(*) FROM entries)::int AS entries`)
  return rows[0]
}

/** Turnover of the 30 days up to the latest order, in cents. */
export async function turnover(pool) {
  const { rows } = await pool.query(`
    SELECT coalesce(sum(total_cents), 0)::bigint AS cents FROM orders
    WHERE status <> 'returned' AND ordered_at > (SELECT max(ordered_at) FROM orders) - interval '30 days'`)
  return Number(rows[0].cents)
}

export async function latestOrders(pool) {
  const { rows } = await pool.query(`
    SELECT o.id, o.product, o.quantity, o.total_cents, o.status, o.ordered_at, c.name, c.email, c.city
    FROM orders o JOIN customers c ON c.id = o.customer_id
    ORDER BY o.ordered_at DESC LIMIT 8`)
  return rows
}

export async function latestEntries(pool, limit = 20) {
  const { rows } = await pool.query('SELECT id::int, name, message, created_at FROM entries ORDER BY id DESC LIMIT $1', [limit])
  return rows
}

export async function addEntry(pool, { name, message }) {
  const { rows } = await pool.query('INSERT INTO entries (name, message) VALUES ($1, $2) RETURNING id::int, name, message, created_at', [name, message])
  return rows[0]
}

/** What is wrong with what a visitor wrote, for the visitor; undefined when nothing is. */
export function problemOf({ name, message }) {
  if (typeof name !== 'string' || typeof message !== 'string') return 'A name and a message are needed.'
  if (/\0/.test(name + message)) return 'The text has a character that cannot be stored.'
  if (name.trim() === '' || [...name.trim()].length > 80) return 'The name should have 1 to 80 characters.'
  if (message.trim() === '' || [...message.trim()].length > 1000) return 'The message should have 1 to 1,000 characters.'
  return undefined
}

/** Sales of one day (`2026-03-01`, UTC) by product, best first. */
export async function salesOf(pool, day) {
  const { rows } = await pool.query(
    `SELECT product, sum(quantity)::int AS pieces, sum(total_cents)::int AS cents FROM orders
     WHERE ordered_at >= $1::date AND ordered_at < $1::date + 1 AND status <> 'returned'
     GROUP BY product ORDER BY cents DESC`,
    [day],
  )
  return rows
}
