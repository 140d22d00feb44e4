import { hintAt } from '../core/nearest-name.ts'
import { OptionError } from './option-error.ts'

/** What a slip of the pen would otherwise turn into nothing. `path`: of the object; empty: the options themselves. */
export function refuseUnknownOptions(given: object, known: readonly string[], path = ''): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new OptionError(path === '' ? name : `${path}.${name}`, `the name of an option${hintAt(name, known)}`, name)
  }
}
