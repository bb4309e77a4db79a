// What can be wrong with a system that was handed in, stored or changed.
import { errorTable } from '#lib/errors.ts'
import { printable } from './text.ts'

export const fail = errorTable('systems', {
  not_a_tree: { status: 422, advice: 'A layer is made of maps, strings, finite numbers, true, false, null and lists of these.' },
  damaged: { status: 500, advice: 'The stored system is not what was written: restore it from a backup, or record the environment anew.' },
  does_not_apply: {
    status: 409,
    advice: 'The system has changed since the changes were computed: compare again and apply the new changes.',
  },
})

/** A path for an error message: `config/web/variables/PORT`. */
export function where(path: readonly string[]): string {
  return path.map((key) => (key === '' ? "''" : printable(key))).join('/')
}
