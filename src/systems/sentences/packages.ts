// How changes of installed packages are said.
import { move, name, type Wording } from './phrase.ts'

export const packages: Wording = {
  noun: ['package', 'packages'],
  thing: (path) => path.length,
  say(changes) {
    const [{ path }] = changes
    // `a > b` is b as a has it for itself.
    const chain = path.slice(2).join('/').split(' > ')
    const own = name([chain.at(-1) ?? ''], 0)
    const within = chain.length > 1 ? ` (in ${name([chain.slice(0, -1).join(' > ')], 0)})` : ''
    return `${name(path, 0)}: ${own}${within} ${move(changes[0])}`
  },
}
