// Lint rules of this house, loaded by .oxlintrc.json as the plugin `house`:
//
// - house/import-law: the law of import-law.ts, on every static, dynamic and type import and every re-export of src.
// - house/no-ambient: time, randomness and environment come from one place each, see `exemptions`.
// - house/plain-syntax: no enum, namespace or decorator.
//
// Boundary: what one file's syntax tree shows. Laws about files and folders are tests, in test/house.
import { relative, sep } from 'node:path'
import { importViolation } from './import-law.ts'

/** The part of the linter's syntax tree (ESTree) that is read here; every other field is left unknown. */
interface Node {
  readonly type: string
  readonly [field: string]: unknown
}
interface Context {
  readonly filename: string
  readonly cwd: string
  report(finding: { message: string; node: Node }): void
}
type Visitor = Record<string, (node: Node) => void>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value

/** Path below src with forward slashes; null for a file outside of it. */
const pathInSrc = (context: Context): string | null => {
  const path = relative(context.cwd, context.filename).split(sep).join('/')
  return path.startsWith('src/') ? path.slice('src/'.length) : null
}

/** The value of a string literal, or of a template without holes. */
const literalText = (node: unknown): string | null => {
  if (!isNode(node)) return null
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : null
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis']) || node['quasis'].length !== 1) return null
  const [quasi] = node['quasis'] as { value: { cooked: string | null } }[]
  return quasi?.value.cooked ?? null
}

const importLawRule = {
  create(context: Context): Visitor {
    const importer = pathInSrc(context)
    if (importer === null) return {}
    const check = (node: Node): void => {
      const specifier = literalText(node['source'])
      const message = specifier === null ? null : importViolation(importer, specifier)
      if (message !== null) context.report({ message, node })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    }
  },
}

const clockReads: Record<string, readonly string[]> = {
  Date: ['now'],
  DateTime: ['now'],
  performance: ['now', 'timeOrigin'],
  process: ['hrtime', 'uptime'],
}
const randomReads: Record<string, readonly string[]> = {
  Math: ['random'],
  crypto: ['randomUUID', 'randomUUIDv7', 'randomBytes', 'randomInt', 'getRandomValues', 'randomFill', 'randomFillSync'],
}
const timers = ['setTimeout', 'setInterval']
const timerModules = ['node:timers', 'node:timers/promises']

/** Who may read what: the adapter `system` is the clock and the randomness, `config` reads the environment. */
const exemptions = {
  clock: ['adapters/system/'],
  random: ['adapters/system/'],
  /** Timers of the engine go through the clock's port. Adapters time their own input and output, the CLI its screen. */
  timer: ['adapters/', 'cli/'],
  env: ['config/'],
} as const

const messages = {
  clock: 'reads the wall clock: take time from the Clock port or as an argument',
  random: 'makes randomness: take it from the Entropy port or as an argument',
  timer: 'sets a timer past the Clock port',
  env: 'reads the environment: only src/config does',
} as const

const propertyName = (node: unknown, computed: unknown): string | null => {
  if (isNode(node) && node.type === 'Identifier' && computed !== true) return String(node['name'])
  return literalText(node)
}

/** `x` → x, `globalThis.x` → x; anything else is not a global. */
const globalName = (node: unknown): string | null => {
  if (!isNode(node)) return null
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type !== 'MemberExpression' || globalName(node['object']) !== 'globalThis') return null
  return propertyName(node['property'], node['computed'])
}

const ambientKind = (object: string | null, property: string | null): keyof typeof messages | null => {
  if (object === null || property === null) return null
  if (object === 'process' && property === 'env') return 'env'
  if (clockReads[object]?.includes(property)) return 'clock'
  if (randomReads[object]?.includes(property)) return 'random'
  return object === 'AbortSignal' && property === 'timeout' ? 'timer' : null
}

const importedKind = (source: string | null, imported: string | null): keyof typeof messages | null => {
  if (source === 'node:crypto') return imported === 'webcrypto' ? 'random' : ambientKind('crypto', imported)
  if (source === 'node:process') return ambientKind('process', imported)
  if (source === 'node:perf_hooks') return 'clock'
  return source !== null && timerModules.includes(source) ? 'timer' : null
}

const children = (node: Node, field: string): Node[] => {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

const noAmbientRule = {
  create(context: Context): Visitor {
    const path = pathInSrc(context)
    if (path === null) return {}
    const report = (kind: keyof typeof messages | null, node: Node): void => {
      if (kind === null || exemptions[kind].some((prefix) => path.startsWith(prefix))) return
      context.report({ message: `this ${messages[kind]}`, node })
    }
    const isDate = (node: Node): boolean => globalName(node['callee']) === 'Date'
    return {
      MemberExpression: (node) =>
        report(ambientKind(globalName(node['object']), propertyName(node['property'], node['computed'])), node),
      NewExpression: (node) => report(isDate(node) && children(node, 'arguments').length === 0 ? 'clock' : null, node),
      CallExpression(node) {
        if (isDate(node)) report('clock', node)
        if (timers.includes(globalName(node['callee']) ?? '')) report('timer', node)
      },
      // const { now } = Date
      VariableDeclarator(node) {
        if (!isNode(node['id']) || node['id'].type !== 'ObjectPattern') return
        const object = globalName(node['init'])
        for (const property of children(node['id'], 'properties')) {
          report(ambientKind(object, propertyName(property['key'], property['computed'])), property)
        }
      },
      ImportDeclaration(node) {
        if (node['importKind'] === 'type') return
        const source = literalText(node['source'])
        for (const specifier of children(node, 'specifiers')) {
          report(importedKind(source, propertyName(specifier['imported'], false)), specifier)
        }
      },
    }
  },
}

const plainSyntaxRule = {
  create(context: Context): Visitor {
    const forbid =
      (message: string) =>
      (node: Node): void =>
        context.report({ message, node })
    return {
      TSEnumDeclaration: forbid('no enum: a union of string literals'),
      // `declare module 'name'` says what a package without types has, and is none.
      TSModuleDeclaration: (node) => {
        if (literalText(node['id']) === null) forbid('no namespace: a module')(node)
      },
      Decorator: forbid('no decorator: a function call'),
    }
  },
}

const plugin: unknown = {
  meta: { name: 'house' },
  rules: { 'import-law': importLawRule, 'no-ambient': noAmbientRule, 'plain-syntax': plainSyntaxRule },
}
/** The linter loads a plugin by its default export. */
export default plugin
