// Hostile input through every door of one Friday: a clear refusal or the exact value, nothing changed, nothing leaked.
import { readFile, rm, symlink } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '#api/contract/operations.ts'
import { startTestFriday, type Checkout, type TestFriday } from './harness.ts'
import { apiCases, strangers } from './hostile/api.ts'
import { commandLines, goodBranches, pushes } from './hostile/names.ts'
import { project, repositoryCases, type Content } from './hostile/repository.ts'
import { hosts } from './hostile/router.ts'
import { brokenOut, scriptOf } from './hostile/sandbox.ts'
import { LITERAL } from './projects/hostile.ts'

interface Answer {
  readonly status: number
  readonly text: string
}
interface Listed {
  readonly branch: string
  readonly slug: string
}
interface Seen {
  readonly headers: Record<string, string>
  readonly env: Record<string, string>
}

let friday: TestFriday
let checkout: Checkout
let token: string

beforeAll(async () => {
  friday = await startTestFriday()
  token = /fri_[\w-]+/.exec(await readFile(friday.env['FRIDAY_CONFIG'] ?? '', 'utf8'))?.[0] ?? ''
  checkout = await friday.checkout('hostile', project({}))
  const push = await checkout.push('main')
  if (!push.ok) throw new Error(push.stderr)
  await checkout.git('branch', 'other')
})

afterAll(async () => {
  expect(await friday.end()).toEqual([])
})

describe('the API', () => {
  test.each(apiCases)('$name', async ({ method = 'GET', path, body, headers = {}, status, says }) => {
    await changesNothing(async () => {
      const answer = await ask(method, `/api${path}`, { authorization: `Bearer ${token}`, ...headers }, body)
      expect(answer.text).toMatch(says)
      expect(answer.status).toBe(status)
      expect(answer.text.length).toBeLessThan(3000)
      if (status !== 200) expect(JSON.parse(answer.text)).toMatchObject({ error: { code: /\w+/, advice: /\w+/ } })
    })
  })

  test.each(strangers)('$name opens no operation, no log, no git and no session', async ({ headers }) => {
    const doors = Object.values(operations).filter((operation) => !('open' in operation))
    const paths = doors.map(({ method, path }) => [method.toUpperCase(), `/api${path.replace(/\{\w+\}/g, 'main')}`])
    const others = [
      '/api/activities/x/log',
      '/api/projects/hostile/environments/main/log',
      '/hostile.git/info/refs?service=git-receive-pack',
    ]
    await changesNothing(async () => {
      for (const [method = '', path = ''] of [...paths, ...others.map((path) => ['GET', path])]) {
        if (path.includes('.git') && headers(token)['authorization']?.startsWith('Basic')) continue
        expect([path, (await ask(method, path, headers(token))).status]).toEqual([path, 401])
      }
      const session = '/api/projects/hostile/environments/main/exec?command=%5B%22id%22%5D'
      expect((await ask('GET', session, { ...headers(token), ...UPGRADE })).status).toBe(401)
    })
  })

  test.each(['[', '{}', '[]', '[1]', '"id"'])('the command %s is no command', async (command) => {
    const path = `/api/projects/hostile/environments/main/exec?command=${encodeURIComponent(command)}`
    const answer = await ask('GET', path, { authorization: `Bearer ${token}`, ...UPGRADE })
    expect(answer.text).toMatch(/not a request to run a command/)
  })
})

describe('the command line', () => {
  test.each(commandLines)('$name', async ({ argv, says }) => {
    await changesNothing(async () => {
      const result = await friday.friday(...argv)
      expect(result.stderr).toMatch(says)
      expect(result.ok).toBe(false)
    })
  })

  test('what is run in an application arrives word by word', async () => {
    const words = ['$(id)', '; id', 'a\nb', '--env', '', '*']
    const script = 'console.log(JSON.stringify(process.argv.slice(1)))'
    const result = await friday.friday('exec', '--project', 'hostile', '--env', 'main', '--', 'node', '-e', script, '--', ...words)
    expect(JSON.parse(result.stdout)).toEqual(words)
  })
})

describe('a push', () => {
  test.each(pushes)('$name', async ({ argv, says }) => {
    await changesNothing(async () => {
      const options = argv.slice(
        0,
        argv.findIndex((word) => word.includes('main') && word !== 'parent=../main'),
      )
      const push = await checkout.git('push', ...options, 'friday', ...argv.slice(options.length))
      expect(push.stderr).toMatch(says)
      expect(push.ok).toBe(false)
    })
  })

  test('good names, however strange, each get an environment and an address of their own', async () => {
    const push = await checkout.push(...goodBranches.map((branch) => `main:refs/heads/${branch}`))
    expect(push.stderr).not.toContain('rejected')
    const listed = (await environments()).filter(({ branch }) => goodBranches.includes(branch))
    expect(listed.map(({ branch }) => branch).toSorted()).toEqual(goodBranches.toSorted())
    expect(new Set(listed.map(({ slug }) => slug)).size).toBe(goodBranches.length)
    for (const { branch, slug } of listed) expect((await seen(slug)).env['PLATFORM_BRANCH']).toBe(branch)
  })

  test('a deletion by the address of another branch deletes nothing', async () => {
    const { slug = '' } = (await environments()).find(({ branch }) => branch === 'Feature-X') ?? {}
    const { stdout: id } = await checkout.git('rev-parse', 'main')
    const line = `${id.trim()} ${'0'.repeat(40)} refs/heads/${slug}\0report-status`
    const credentials = Buffer.from(`x:${token}`).toString('base64')
    await changesNothing(async () => {
      const answer = await ask(
        'POST',
        '/hostile.git/git-receive-pack',
        { authorization: `Basic ${credentials}`, 'content-type': 'application/x-git-receive-pack-request' },
        `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`,
      )
      expect(answer.text).toContain(`ng refs/heads/${slug}`)
    })
  })
})

describe('a repository', () => {
  test.each(repositoryCases)('$name', async ({ files, says }) => {
    await changesNothing(async () => {
      await commitOn('hostile', files)
      const push = await checkout.push('+hostile')
      expect(push.stderr).toMatch(says)
      expect(push.ok).toBe(false)
      expect(push.stderr).not.toMatch(/root:.*:0:0/)
    })
  })

  test('values with newlines and metacharacters arrive as they were written', async () => {
    expect((await seen('main')).env).toMatchObject(LITERAL)
  })

  test('links in what a build left lead nowhere', async () => {
    expect(await friday.fetch('main', 'hostile', '/public/page')).toMatchObject({ status: 200, body: 'a page' })
    for (const name of ['shadow', 'passwd', 'outside', 'root/etc/passwd', 'environ', 'pipe', '..%2fserver.js']) {
      const answer = await friday.fetch('main', 'hostile', `/public/${name}`)
      expect([name, answer.status >= 400 && !/root:|createServer|PATH=/.test(answer.body)]).toEqual([name, true])
    }
  })

  test('what hooks print drives no terminal, fills no memory and shows no password', async () => {
    const say = `const p = process.env.DATABASE_PASSWORD, w = (text) => require('fs').writeSync(1, text)
w('PLAIN ' + p + '\\nSPLIT '); w(p.slice(0, 5)); w(p.slice(5) + '\\n')
w('BASE64 ' + Buffer.from(p).toString('base64') + '\\n')
for (const before of ['a', 'ab', 'abc']) w('INSIDE ' + Buffer.from(before + p + 'z').toString('base64') + '\\n')
w('URL ' + process.env.DATABASE_URL + '\\nALL ' + process.env.PLATFORM_RELATIONSHIPS + '\\n')
w('\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202eVISIBLE\\n')
w('LONG' + 'x'.repeat(3e7) + '\\n')`
    await commitOn('hostile', { ...project({ deploy: 'node say.js; true' }), 'say.js': say })
    const push = await checkout.push('+hostile')
    expect(push.ok, push.stderr.slice(-3000)).toBe(true)
    const { slug = '' } = (await environments()).find(({ branch }) => branch === 'hostile') ?? {}
    const { env } = await seen(slug)
    const [activity] = await friday.ask<{ id: string }[]>('activity', 'list', '--project', 'hostile')
    const kept = (await friday.friday('activity', 'log', activity?.id ?? '', '--project', 'hostile')).stdout
    for (const shown of [push.stderr, kept]) {
      expect(shown).toContain('SPLIT ***')
      expect(shown).toContain('BASE64 ***')
      expect(shown).toContain('VISIBLE')
      for (const form of secretForms(env['DATABASE_PASSWORD'] ?? '')) expect(shown).not.toContain(form)
      expect(shown).not.toMatch(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\u009b\u202e]|title/) // oxlint-disable-line no-control-regex
      expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThan(10_000)
    }
  })
})

describe.runIf(process.getuid?.() === 0)('code from a repository', () => {
  test('reaches nothing from a build, a hook or the running application', async () => {
    const database = (
      await friday.friday('exec', '--project', 'hostile', '--env', 'main', '--', 'getent', 'hosts', 'database.internal')
    ).stdout.split(' ')[0]
    const main = await seen('main')
    const own = (await friday.friday('exec', '--project', 'hostile', '--env', 'main', '--', 'hostname', '-I')).stdout.split(/\s/)[0]
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    const api = addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => `${address}:${new URL(friday.url).port}`)
    const others = [`${database}:${main.env['DATABASE_PORT']}`, `${own}:${main.env['PORT']}`]
    const targets = { data: friday.env['FRIDAY_DATA'] ?? '', api, others }
    await commitOn('hostile', { ...project({ build: 'sh attack.sh', deploy: 'sh attack.sh' }), 'attack.sh': scriptOf(targets) })
    const push = await checkout.push('+hostile')
    expect(push.stderr.match(/ATTEMPTS DONE/g), push.stderr.slice(-3000)).toHaveLength(2)
    const running = await friday.friday('exec', '--project', 'hostile', '--env', 'hostile', '--', 'sh', '/app/attack.sh')
    expect(running.stdout).toContain('ATTEMPTS DONE')
    expect(brokenOut(push.stderr + running.stdout)).toEqual([])
    expect((await seen('main')).env['PLATFORM_BRANCH']).toBe('main')
  })
})

describe('the router', () => {
  test.each(hosts)('$name', async ({ head, says }) => {
    const { host, port } = friday.router
    const answer = await raw(host, port, `${head.replaceAll('PORT', String(port))}connection: close\r\n\r\n`)
    expect(answer).toMatch(says)
  })

  test('an application cannot be told another origin', async () => {
    const forged = { 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'gopher', 'x-client-ip': '6.6.6.6' }
    const answer = await friday.fetch('main', 'hostile', '/', { headers: forged })
    expect(answer.status).toBe(200)
    expect(answer.body).not.toMatch(/6\.6\.6\.6|evil"|gopher/)
  })
})

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Projects, environments with their releases, and refs are the same after `attempt` as before it. */
async function changesNothing(attempt: () => Promise<void>): Promise<void> {
  const before = await everything()
  await attempt()
  expect(await everything()).toEqual(before)
}

async function everything(): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` }
  const basic = { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }
  const [projects, environments, refs] = await Promise.all([
    ask('GET', '/api/projects', headers),
    ask('GET', '/api/projects/hostile/environments', headers),
    ask('GET', '/hostile.git/info/refs?service=git-upload-pack', basic),
  ])
  return [projects, environments, refs].map(({ text }) => text)
}

async function environments(): Promise<Listed[]> {
  const answer = await ask('GET', '/api/projects/hostile/environments', { authorization: `Bearer ${token}` })
  return JSON.parse(answer.text) as Listed[] // the contract says so
}

async function seen(slug: string): Promise<Seen> {
  return JSON.parse((await friday.fetch(slug, 'hostile', '/')).body) as Seen // what server.js answers
}

/** Puts `files` on top of main as the one commit of `branch`. */
async function commitOn(branch: string, files: Readonly<Record<string, Content>>): Promise<void> {
  await checkout.git('checkout', '-q', '-f', '-B', branch, 'main')
  await checkout.git('clean', '-q', '-ffdx')
  const texts: Record<string, string | undefined> = {}
  for (const [name, content] of Object.entries(files)) {
    if (typeof content !== 'object') texts[name] = content
    else if (content.link === ':gitlink') await checkout.git('clone', '-q', '.', name)
    else {
      await rm(join(checkout.path, name), { recursive: true, force: true })
      await symlink(content.link, join(checkout.path, name))
    }
  }
  await checkout.commit(texts)
}

function secretForms(secret: string): string[] {
  const inside = [0, 1, 2].map((offset) =>
    Buffer.from('x'.repeat(offset) + secret)
      .toString('base64')
      .slice(4, -4),
  )
  return [secret, encodeURIComponent(secret), ...inside]
}

/** A request whose path is sent as it is written. */
function ask(method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(friday.url)
    const call = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
    call.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve({ status: answer.statusCode ?? 0, text: '' })
    })
    call.on('error', reject)
    call.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
  })
}

function raw(host: string, port: number, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, host, () => socket.write(head))
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}
