// The settings as a page of the guide, made from the one schema that checks them.
import { settingsSchema } from './env.ts'

export function renderSettings(): string {
  const rows = Object.entries(settingsSchema.shape).map(([name, field]) => {
    const empty = field.safeParse(undefined)
    const fallback = empty.success && empty.data !== undefined ? `\`${empty.data}\`` : ''
    return `| \`${name}\` | ${fallback} | ${field.description ?? ''} |`
  })
  return [
    '# Settings',
    '',
    'Friday reads its own settings from the environment of `friday start`. A name that begins with FRIDAY_ and is not in this table is an error.',
    '',
    '| name | default | meaning |',
    '|---|---|---|',
    ...rows,
    '',
    'The command line reads `FRIDAY_URL`, `FRIDAY_TOKEN` and `FRIDAY_CONFIG` (see [cli.md](cli.md)).',
    '',
  ].join('\n')
}
