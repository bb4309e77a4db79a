// What the conformance tests share: an engine on a folder of its own, specs with defaults, and waiting for what a process says.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hostPath } from '#lib/location.ts'
import { waitFor } from '#lib/wait.ts'
import type { Engine, Mount, ProcessSpec, ProcessStatus, RunOptions, RunResult } from '#engines/engine.ts'

export interface Subject {
  readonly name: string
  /** Whether what DESIGN §8 asks of processes is kept: then `limits` is empty and the isolation tests run. */
  readonly isolated: boolean
  create(folder: string): Promise<Engine>
  /** A look at everything on this machine that is of the making of the engine in this folder, or whose command holds the mark; a line each. */
  traces(folder: string, mark: string): Promise<() => Promise<readonly string[]>>
}

export const NODE: Mount = { source: hostPath(dirname(dirname(process.execPath))), target: '/opt/node', readonly: true }
export const PATIENCE_MS = 20_000

type Spec = Partial<ProcessSpec> & Pick<ProcessSpec, 'argv'>

export function stateOf(folder: string): string {
  return join(folder, 'state')
}

export class Bench {
  readonly folder: string
  readonly subject: Subject
  #engine: Engine
  #count = 0

  private constructor(subject: Subject, folder: string, engine: Engine) {
    this.subject = subject
    this.folder = folder
    this.#engine = engine
  }

  static async open(subject: Subject): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), 'friday-engine-'))
    const bench = new Bench(subject, folder, await subject.create(stateOf(folder)))
    try {
      await bench.engine.adopt()
      await bench.engine.ensureNetwork({ id: 'one', outbound: 'open' })
      return bench
    } catch (error) {
      await bench.close()
      throw error
    }
  }

  get engine(): Engine {
    return this.#engine
  }

  /** As if the control plane had died and come back: processes go on, the engine object is a new one. `meanwhile` runs in between. */
  async reopen(meanwhile?: () => Promise<void>): Promise<void> {
    await this.#engine[Symbol.asyncDispose]()
    await meanwhile?.()
    this.#engine = await this.subject.create(stateOf(this.folder))
    await this.#engine.adopt()
  }

  async close(): Promise<void> {
    await this.#engine.shutdown()
    await this.#engine[Symbol.asyncDispose]()
    await rm(this.folder, { recursive: true, force: true })
  }

  id(stem = 'p'): string {
    this.#count += 1
    return `${stem}-${this.#count}`
  }

  spec(spec: Spec): ProcessSpec {
    return {
      id: this.id(),
      network: 'one',
      cwd: '/',
      env: {},
      mounts: [],
      hosts: {},
      limits: { memoryBytes: 256 * 1024 * 1024, cpus: 1, pids: 100, tmpBytes: 16 * 1024 * 1024 },
      restart: 'never',
      labels: {},
      ...spec,
    }
  }

  /** A spec that runs a Node.js program given as text. */
  node(script: string, spec: Partial<ProcessSpec> = {}): ProcessSpec {
    const whole = this.spec({ argv: ['node'], ...spec, mounts: [NODE, ...(spec.mounts ?? [])] })
    const node = this.engine.paths(whole.id, whole.mounts)('/opt/node/bin/node')
    return { ...whole, argv: [node, '-e', script] }
  }

  shell(script: string, spec: Partial<ProcessSpec> = {}): ProcessSpec {
    return this.spec({ ...spec, argv: ['/bin/sh', '-c', script] })
  }

  /** A folder that the network's user owns. */
  async owned(network = 'one'): Promise<string> {
    const path = join(this.folder, this.id('owned'))
    await mkdir(path)
    await this.engine.own(network, hostPath(path))
    return path
  }

  /** An artifact: a folder that holds these files, and empty folders for paths that end in a slash. */
  async artifact(files: Readonly<Record<string, string>>): Promise<string> {
    const root = join(this.folder, this.id('artifact'))
    for (const [name, content] of Object.entries(files)) {
      if (name.endsWith('/')) await mkdir(join(root, name), { recursive: true })
      else {
        await mkdir(dirname(join(root, name)), { recursive: true })
        await writeFile(join(root, name), content)
      }
    }
    return root
  }

  async run(spec: ProcessSpec, options: Partial<RunOptions> = {}): Promise<RunResult & { readonly output: string }> {
    const chunks: Buffer[] = []
    const result = await this.engine.run(spec, { timeoutMs: PATIENCE_MS, ...options, onOutput: (chunk) => chunks.push(chunk) })
    return { ...result, output: Buffer.concat(chunks).toString() }
  }

  async output(id: string): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of this.engine.logs(id)) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  /** Fails with what it has said so far when the text does not come. */
  async says(id: string, text: string | RegExp): Promise<string> {
    let said = ''
    const found = await waitFor(
      async () => {
        said = await this.output(id)
        return typeof text === 'string' ? said.includes(text) : text.test(said)
      },
      { timeoutMs: PATIENCE_MS },
    )
    if (found === undefined) throw new Error(`${id} did not say ${text} but ${JSON.stringify(said)}`)
    return said
  }

  async becomes(id: string, check: (status: ProcessStatus) => boolean): Promise<ProcessStatus> {
    let last: ProcessStatus | undefined
    const found = await waitFor(
      async () => {
        last = await this.engine.status(id)
        return last !== undefined && check(last) ? last : undefined
      },
      { timeoutMs: PATIENCE_MS },
    )
    if (found === undefined) throw new Error(`${id} did not become what was expected; it is ${JSON.stringify(last)}`)
    return found
  }
}
