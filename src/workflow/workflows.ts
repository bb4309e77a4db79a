// Durable workflows: each step's result is kept, so that a killed control plane resumes where it stopped (DBOS Transact below).
import { AsyncResource } from 'node:async_hooks'
import { DBOS } from '@dbos-inc/dbos-sdk'
import { Pool } from 'pg'
import { FridayError, messageOf } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import type { Secret } from '#lib/secret.ts'

export interface Steps {
  /**
   * Runs `work` and keeps its result (JSON, no secrets); after a crash a kept result is given back and `work` is not run again.
   * `work` itself may be cut off at any instruction and run again from its beginning: make it idempotent.
   */
  run<T>(name: string, work: () => Promise<T>): Promise<T>
}

export type WorkflowBody = (steps: Steps, id: string) => Promise<void>

export interface Workflows {
  /** Before `launch`: gives a name to what will run. */
  register(name: string, body: WorkflowBody): void
  /** Connects and resumes every workflow that a former control plane of this executor left unfinished. */
  launch(): Promise<void>
  /** Starts a workflow; a second start with the same id joins the first. Resolves when it has been recorded, not when it has ended. */
  start(name: string, id: string): Promise<void>
  /** True when the workflow has run to its end, well or not. */
  over(id: string): Promise<boolean>
  /** Stops taking work; what runs is resumed by the next launch. May be called again. */
  shutdown(): Promise<void>
}

/**
 * A step's record need not be on the disk before the next begins: what a power cut takes of them is done again, as steps are idempotent.
 * Friday's own tables are written with synchronous commits, and those carry every earlier record with them.
 */
const SESSION = '-c idle_in_transaction_session_timeout=60000 -c synchronous_commit=off'

interface Kept<T> {
  readonly value?: T
  readonly failure?: { code: string; message: string; status: number; advice: string }
}

/** One per process (DBOS keeps its registry globally). `executor` names this control plane over restarts. */
export function createWorkflows({ url, executor, log }: { url: Secret; executor: string; log: Log }): Workflows {
  const pool = new Pool({ connectionString: url.reveal(), max: 6, options: SESSION })
  // A connection cut by a restart of the server must not end the process.
  pool.on('error', () => undefined)
  const registered = new Map<string, (id: string) => Promise<void>>()
  const quiet = {
    info: () => undefined,
    debug: () => undefined,
    warn: (message: unknown) => log.warn({ from: 'workflow' }, messageOf(message)),
    error: (message: unknown) => log.error({ from: 'workflow' }, messageOf(message)),
  }
  // A workflow started from the end of another is none of its steps; the library would take it for one by its asynchronous context.
  const outside = new AsyncResource('friday.workflows')
  let ending: Promise<void> | undefined

  async function end(): Promise<void> {
    await DBOS.shutdown({ deregister: true })
    await pool.end()
  }

  return {
    register(name, body) {
      registered.set(
        name,
        DBOS.registerWorkflow((id: string) => body(durableSteps, id), { name }),
      )
    },
    async launch() {
      DBOS.setConfig({
        name: 'friday',
        systemDatabaseUrl: url.reveal(),
        systemDatabaseSchemaName: 'friday_workflow',
        // Ours, because the library's own sets up each connection with a query beside the one that waits for it, which pg warns of.
        systemDatabasePool: pool,
        executorID: executor,
        // Steps are named and idempotent, so an upgraded Friday may resume what the former one began.
        applicationVersion: 'friday',
        useListenNotify: false,
        logger: quiet,
      })
      await DBOS.launch()
    },
    async start(name, id) {
      const workflow = registered.get(name)
      if (workflow === undefined) throw new Error(`no workflow is registered as ${name}`)
      await outside.runInAsyncScope(() => DBOS.startWorkflow(workflow, { workflowID: id })(id))
    },
    async over(id) {
      const status = (await DBOS.getWorkflowStatus(id))?.status
      return status !== undefined && status !== 'PENDING' && status !== 'ENQUEUED'
    },
    shutdown: () => (ending ??= end()),
  }
}

const durableSteps: Steps = {
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const kept = await DBOS.runStep(() => keep(work), { name })
    if (kept.failure !== undefined) {
      const { code, message, status, advice } = kept.failure
      throw new FridayError(code, message, { status, advice })
    }
    return kept.value as T // `keep` gives either a failure or the value
  },
}

/** A failure is a result too: it is kept with its code and advice, which the library's own error columns would lose. */
async function keep<T>(work: () => Promise<T>): Promise<Kept<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof FridayError)
      return { failure: { code: error.code, message: error.message, status: error.status, advice: error.advice } }
    return {
      failure: {
        code: 'internal',
        message: messageOf(error),
        status: 500,
        advice: 'This is a fault in Friday; its own log has the details.',
      },
    }
  }
}
