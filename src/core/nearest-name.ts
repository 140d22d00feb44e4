/** For messages about a name that is not known: the one that was meant, as far as its spelling says so. */

/**
 * ` (did you mean 'misfireGrace'?)`, or nothing when no known name is close. `maxEdits`: letters that may be wrong; default a
 * third of them.
 */
export function hintAt(name: string, known: Iterable<string>, maxEdits?: number): string {
  const nearest = nearestName(name, known, maxEdits ?? Math.max(1, Math.floor(name.length / WRONG_SHARE)))
  return nearest === null ? '' : ` (did you mean '${nearest}'?)`
}

/** One letter of so many may be wrong. */
const WRONG_SHARE = 3
/** Longer ones are no slip of the pen, and comparing them takes time. */
const MAX_CHARS = 100

function nearestName(name: string, known: Iterable<string>, maxEdits: number): string | null {
  if (name.length > MAX_CHARS) return null
  let nearest: string | null = null
  let least = maxEdits + 1
  for (const one of known) {
    const edits = editsBetween(name.toLowerCase(), one.toLowerCase())
    if (edits >= least) continue
    nearest = one
    least = edits
  }
  return nearest
}

/** Levenshtein's distance: characters to insert, remove or replace. */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(replaced, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1))
    }
    above = line
  }
  return above[b.length] ?? 0
}
