// What each address answers.
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { homePage, problemPage } from './page.js'
import { addEntry, counts, latestEntries, latestOrders, problemOf, turnover } from './shop.js'

const MAX_BODY = 16 * 1024
const TYPES = { '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' }
const HEADERS = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

/** The request listener of the shop. Every error becomes an answer; none leaves this function. */
export function createApp({ pool, environment }) {
  const files = publicFiles()
  const routes = {
    'GET /': () => home(pool, environment),
    'GET /health': () => health(pool),
    'GET /api/stats': async () => json(200, { ...(await counts(pool)), environment: environment.name, release: environment.release }),
    'GET /api/entries': async () => json(200, await latestEntries(pool)),
    'POST /api/entries': (request) => sign(request, pool, environment),
  }
  return async (request, response) => {
    // A HEAD is a GET whose body the http module leaves out.
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const path = request.url.split('?', 1)[0]
    const route = routes[`${method} ${path}`] ?? (method === 'GET' && files.get(path))
    try {
      send(response, route ? await route(request) : notFound(path, environment))
    } catch (error) {
      console.error(`${method} ${path} failed: ${error.message}`)
      send(response, failed(path, environment))
    }
  }
}

async function home(pool, environment) {
  const [count, cents, orders, entries] = await Promise.all([counts(pool), turnover(pool), latestOrders(pool), latestEntries(pool)])
  return page(200, homePage({ environment, counts: count, turnover: cents, orders, entries }))
}

async function health(pool) {
  try {
    await pool.query('SELECT 1')
    return json(200, { status: 'ok', database: 'ok' })
  } catch (error) {
    console.error(`The database does not answer: ${error.message}`)
    return json(503, { status: 'failing', database: 'no answer' })
  }
}

async function sign(request, pool, environment) {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  const refuse = (status, text) => (isForm ? page(status, problemPage({ environment, title: 'That did not work', text })) : json(status, { error: text }))
  const body = await readBody(request)
  if (body === undefined) return refuse(413, 'The message is too long.')
  const entry = isForm ? Object.fromEntries(new URLSearchParams(body)) : parseJson(body)
  const problem = problemOf(entry ?? {})
  if (problem) return refuse(422, problem)
  const added = await addEntry(pool, { name: entry.name.trim(), message: entry.message.trim() })
  return isForm ? { status: 303, headers: { location: '/#guest-book' }, body: '' } : json(201, added)
}

/** The body's text; undefined when it is longer than a message can be. */
async function readBody(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= MAX_BODY) chunks.push(chunk)
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks).toString('utf8')
}

function parseJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function notFound(path, environment) {
  if (path.startsWith('/api/')) return json(404, { error: 'There is nothing at this address.' })
  return page(404, problemPage({ environment, title: 'Nothing here', text: 'There is no page at this address.' }))
}

function failed(path, environment) {
  const text = 'The shop cannot answer at the moment. Please try again soon.'
  return path.startsWith('/api/') ? json(500, { error: text }) : page(500, problemPage({ environment, title: 'Something went wrong', text }))
}

/** Behind a router that serves public/ these are never asked for; started alone, the shop serves them itself. */
function publicFiles() {
  const directory = new URL('../public/', import.meta.url)
  const names = readdirSync(directory).filter((name) => extname(name) in TYPES)
  return new Map(
    names.map((name) => {
      const answer = { status: 200, headers: { 'content-type': TYPES[extname(name)], 'cache-control': 'max-age=3600' }, body: readFileSync(new URL(name, directory)) }
      return [`/${name}`, () => answer]
    }),
  )
}

function json(status, value) {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }, body: JSON.stringify(value) }
}

function page(status, body) {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body }
}

function send(response, { status, headers, body }) {
  response.writeHead(status, { ...HEADERS, ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
