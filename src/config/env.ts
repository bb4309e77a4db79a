// The only reader of the environment: names, meanings and types of Friday's own settings.
import { z } from 'zod'
import { errorTable } from '#lib/errors.ts'

const fail = errorTable('config', {
  invalid: { status: 500, advice: 'Correct the setting and start again; `friday start --help` lists them all.' },
})

const port = z.coerce.number().int().min(0).max(65535)

export const settingsSchema = z.object({
  FRIDAY_DATA: z.string().min(1).default('/var/lib/friday').describe('Folder that holds everything Friday keeps.'),
  FRIDAY_LISTEN: z.string().default('127.0.0.1').describe('Address of the API and of git; loopback until told otherwise.'),
  FRIDAY_PORT: port.default(7780).describe('Port of the API and of git.'),
  FRIDAY_ROUTER_LISTEN: z.string().default('127.0.0.1').describe('Address at which applications are reached.'),
  FRIDAY_ROUTER_PORT: port.default(8780).describe('Port at which applications are reached.'),
  FRIDAY_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .default('localhost')
    .describe('Applications answer at <environment>.<project>.<domain>.'),
  FRIDAY_ENGINE: z.enum(['oci', 'process', 'auto']).default('auto').describe('Where processes run; auto = oci for root on Linux.'),
  FRIDAY_VOLUMES: z
    .enum(['btrfs', 'reflink', 'copy', 'auto'])
    .default('auto')
    .describe('Where bytes live; auto = the best this machine can do.'),
  FRIDAY_NPM_REGISTRY: z.url().default('https://registry.npmjs.org/').describe('Where runtimes and services are fetched from.'),
  FRIDAY_LOG: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn').describe('How much of its own log Friday writes.'),
  DATABASE_URL: z.string().optional().describe("PostgreSQL for Friday's state; unset = an embedded one in the data folder."),
})

export type Settings = z.infer<typeof settingsSchema>

/** Reads and checks the settings; unknown FRIDAY_ names are an error, so that a typing slip is not silently ignored. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const known = new Set(Object.keys(settingsSchema.shape))
  const client = new Set(['FRIDAY_URL', 'FRIDAY_TOKEN', 'FRIDAY_CONFIG'])
  for (const name of Object.keys(environment)) {
    if (name.startsWith('FRIDAY_') && !known.has(name) && !client.has(name)) throw fail('invalid', `There is no setting ${name}`, { name })
  }
  const result = settingsSchema.safeParse(environment)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw fail('invalid', `Settings that cannot be used: ${lines.join('; ')}`)
}
