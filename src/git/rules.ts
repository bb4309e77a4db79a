// What no push may do, whoever pushes: names git or we could not bear, and refs that are not the user's.
import { isSha, refFault } from './names.ts'
import type { RefCommand, Refusal } from './push.ts'

const MAX_REFS = 1000

export function ruleRefusals(commands: readonly RefCommand[]): Refusal[] {
  if (commands.length > MAX_REFS) {
    return [{ ref: `${commands.length} refs`, refuse: `One push may move ${MAX_REFS} refs; push in parts.` }]
  }
  const seen = new Set<string>()
  return commands.flatMap((command) => {
    const refuse = ruleAgainst(command, seen)
    seen.add(command.ref)
    return refuse === undefined ? [] : [{ ref: command.ref, refuse }]
  })
}

function ruleAgainst({ ref, before, after }: RefCommand, seen: ReadonlySet<string>): string | undefined {
  if (!/^refs\/(?:heads|tags)\//.test(ref)) return 'Only branches and tags can be pushed (refs/heads/… and refs/tags/…).'
  const fault = refFault(ref)
  if (fault !== undefined) return `The name ${fault}. Choose another name.`
  if (seen.has(ref)) return 'It is named twice in one push.'
  if (![before, after].every((sha) => sha === undefined || isSha(sha))) return 'An object id is not whole.'
  return undefined
}
