// The import law: which part of src may import which. Pure data and one pure function; the linter (house-rules.ts) applies
// it to every import, and test/house keeps it biting.
//
// Invariants:
// 1. A folder of src without a row is a violation: a new folder states its law first.
// 2. A part may always import itself; everything else has to be listed.
// 3. Nothing in src imports anything outside of src by a relative path, and nobody imports cli but cli.
import { posix } from 'node:path'

interface Law {
  /** Parts that may be imported, with everything below them. `'*'`: every part but cli, and src/*.ts. */
  readonly parts: readonly string[] | '*'
  /** Node's own modules, by the `node:` prefix only. Default: none. */
  readonly node?: readonly string[] | '*'
  /** Packages, by name. Default: none. */
  readonly packages?: readonly string[] | '*'
}

/** By the path below src; `*` stands for one folder; the longest match holds. `'.'` is the composition root, src/*.ts. */
export const importLaw: Readonly<Record<string, Law>> = {
  core: { parts: [] },
  'core/triggers': { parts: ['core'], node: ['node:crypto'], packages: ['luxon'] },
  ports: { parts: ['core'] },
  codec: { parts: ['core', 'ports'], node: '*', packages: ['avsc'] },
  'adapters/*': { parts: ['core', 'ports', 'codec'], node: '*' },
  'adapters/calendars': { parts: ['core', 'ports'], node: ['node:module'], packages: ['date-holidays'] },
  'adapters/kafka': { parts: ['core', 'ports', 'codec'], node: '*', packages: ['kafkajs'] },
  'adapters/rocksdb': { parts: ['core', 'ports', 'codec'], node: '*', packages: ['rocksdb-native'] },
  materializer: { parts: ['core', 'ports'] },
  executor: { parts: ['core', 'ports'], node: '*', packages: ['tinypool'] },
  client: { parts: ['core', 'ports'] },
  // The connection's options belong to who connects; config reads them.
  config: { parts: ['core', 'adapters/kafka'], node: '*' },
  cli: { parts: '*', node: '*', packages: '*' },
  '.': { parts: '*', node: '*', packages: '*' },
}

/** The row of the law that a file falls under, and the folder that row stands for here (`*` filled in). */
const rowOf = (path: string): { part: string; law: Law } | undefined => {
  const folders = posix.dirname(path).split('/')
  for (let depth = folders.length; depth > 0; depth--) {
    const part = folders.slice(0, depth).join('/')
    const wildcard = [...folders.slice(0, depth - 1), '*'].join('/')
    const law = importLaw[part] ?? (depth > 1 ? importLaw[wildcard] : undefined)
    if (law !== undefined) return { part, law }
  }
  return undefined
}

const isIn = (path: string, part: string): boolean => (part === '.' ? !path.includes('/') : path.startsWith(`${part}/`))

const allows = (list: readonly string[] | '*' | undefined, name: string): boolean =>
  list === '*' || (list?.includes(name) ?? false)

/**
 * What is wrong with `importer` importing `specifier`, in a sentence; null when the law allows it.
 * `importer`: path below src, with forward slashes.
 */
export const importViolation = (importer: string, specifier: string): string | null => {
  const row = rowOf(importer)
  if (row === undefined) return `src/${posix.dirname(importer)} has no row in the import law (scripts/import-law.ts)`
  const { part, law } = row
  const name = part === '.' ? 'the composition root' : part

  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(importer), specifier)
    if (target.startsWith('..')) return `src may not import anything outside of src: ${specifier}`
    if (isIn(target, part)) return null
    if (isIn(target, 'cli')) return `nobody imports cli: ${specifier}`
    const allowed = law.parts === '*' || law.parts.some((other) => isIn(target, other))
    return allowed ? null : `${name} may not import src/${target}`
  }
  if (specifier.startsWith('node:')) {
    return allows(law.node, specifier) ? null : `${name} may not import ${specifier}`
  }
  const packageName = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  return allows(law.packages, packageName) ? null : `${name} may not import the package ${packageName}`
}
