// Where the time of Friday's own activities went.
import type { TestFriday } from '../test/harness.ts'
import { figuresOf } from './_measure.ts'

interface Activity {
  readonly type: string
  readonly result: string
  readonly phases: readonly { name: string; ms: number }[]
}

/** Median milliseconds of each phase of the last `count` activities of this type in the project `notes`, as one line. */
export async function phasesOf(friday: TestFriday, type: string, count = 50): Promise<string> {
  const all = await friday.ask<Activity[]>('activity', 'list', '--project', 'notes')
  const chosen = all.filter((activity) => activity.type === type && activity.result === 'success').slice(0, count)
  const names = [...new Set(chosen.flatMap(({ phases }) => phases.map(({ name }) => name)))]
  const medianOf = (name: string) => figuresOf(chosen.map(({ phases }) => phases.find((phase) => phase.name === name)?.ms ?? 0)).median
  return names.map((name) => `${name} ${Math.round(medianOf(name))}`).join(', ')
}
