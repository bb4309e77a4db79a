// Crons with their schedule settled.
import type { WrittenCron } from '#manifest/format/application.ts'
import { parseCron } from '#manifest/cron.ts'
import type { Cron } from '#manifest/project.ts'
import type { Named } from '#manifest/schema/shape.ts'

/** `application` and the cron's own name seed what `H` becomes. */
export function readCron({ name, value, place }: Named<WrittenCron>, application: string): Cron | undefined {
  const start = value.commands?.start ?? value.cmd
  // An empty `commands` has been reported already.
  if (start === undefined && value.commands === undefined) place.error('there is no command', { expected: 'commands: {start: …}' })
  if (value.spec === undefined || start === undefined) return undefined
  const parsed = parseCron(value.spec.value, `${application}\n${name}`)
  if (!parsed.ok) return value.spec.place.error(parsed.message, { expected: parsed.expected })
  return {
    name,
    spec: value.spec.value,
    schedule: parsed.schedule,
    commands: { start, stop: value.commands?.stop },
    shutdownTimeout: value.shutdown_timeout ?? 10,
    timeout: value.timeout ?? 86_400,
  }
}
