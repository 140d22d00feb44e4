// Laws of the house that are about files and folders, where the linter sees only one file's text. Each law is a function
// from a list of files to sentences about what breaks it; it must be silent on this repository and speak on a bad example.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

interface SourceFile {
  /** Below the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}
type Law = (files: readonly SourceFile[]) => string[]

const repository = fileURLToPath(new URL('../..', import.meta.url))
const maxSourceLines = 400

const filesBelow = (folder: string): SourceFile[] =>
  !existsSync(join(repository, folder))
    ? []
    : readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => ({
          path: path.slice(repository.length).replaceAll('\\', '/'),
          text: readFileSync(path, 'utf8'),
        }))

const isSource = ({ path }: SourceFile): boolean => path.startsWith('src/')
const isTypeScript = ({ path }: SourceFile): boolean => path.endsWith('.ts')
const paths = (files: readonly SourceFile[]): string[] => files.map(({ path }) => path)

const kebabCaseNames: Law = (files) =>
  paths(files.filter(isTypeScript)).filter((path) => !/^([a-z0-9]+(-[a-z0-9]+)*[/.])+ts$/.test(path))

const meaningfulNames: Law = (files) =>
  paths(files).filter((path) => path.split(/[/.-]/).some((word) => /^(util|helper|common|misc)s?$/.test(word)))

const shortFiles: Law = (files) =>
  files
    .filter((file) => isSource(file) && isTypeScript(file))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > maxSourceLines)
    .map(({ path, lines }) => `${path}: ${lines} lines`)

/** A barrel re-exports everything of another file, or does nothing but re-export. */
const oneBarrel: Law = (files) =>
  files
    .filter((file) => isSource(file) && isTypeScript(file) && file.path !== 'src/index.ts')
    .filter(({ path, text }) => {
      const exports = text.match(/^export\b[^\n]*/gm) ?? []
      const onlyReExports = text.match(/^export (type )?\{[^}]*\} from /gm)?.length === exports.length
      return path.endsWith('/index.ts') || /^export (type )?\*/m.test(text) || (exports.length > 0 && onlyReExports)
    })
    .map(({ path }) => path)

const reasonedExceptions: Law = (files) =>
  files.flatMap(({ path, text }) =>
    (text.match(/(?:(?:oxlint|eslint)-disable|@ts-(?:ignore|expect-error|nocheck))[^\n]*/g) ?? [])
      .filter((directive) => !/-disable[\w-]* .+ -- \w|^@ts-expect-error \w/.test(directive))
      .map((directive) => `${path}: ${directive}`),
  )

/** The independent checker knows the log by its schemas and its documentation alone. */
const independentChecker: Law = (files) =>
  paths(
    files.filter(
      ({ path, text }) => path.startsWith('test/checker/') && /(from|import)\s*\(?\s*['"][^'"]*\/src\//.test(text),
    ),
  )

/** Every record and every field of an Avro schema has its `doc`. */
const documentedSchemas: Law = (files) => {
  const undocumented = (schema: unknown, place: string): string[] => {
    if (Array.isArray(schema)) return schema.flatMap((branch) => undocumented(branch, place))
    if (typeof schema !== 'object' || schema === null) return []
    const { type, name, doc, fields, items, values } = schema as Record<string, unknown>
    const here = typeof name === 'string' ? `${place} ${name}` : place
    const hasDoc = typeof doc === 'string' && doc.trim() !== ''
    const isField = typeof name === 'string' && type !== 'enum' && type !== 'fixed'
    return [
      ...(isField && !hasDoc ? [`${here} has no doc`] : []),
      ...[type, fields, items, values].flatMap((part) => undocumented(part, here)),
    ]
  }
  return files
    .filter(({ path }) => path.endsWith('.avsc'))
    .flatMap(({ path, text }) => undocumented(JSON.parse(text), `${path}:`))
}

const code = ['src', 'test', 'bench', 'scripts', 'examples'].flatMap(filesBelow)
const schemas = filesBelow('schemas')

const file = (path: string, text = ''): SourceFile => ({ path, text })

const laws: [sentence: string, law: Law, files: SourceFile[], bad: SourceFile[]][] = [
  ['file and folder names are kebab-case', kebabCaseNames, code, [file('src/core/jobState.ts'), file('src/Core/a.ts')]],
  [
    'nothing is called utils, helpers, common or misc',
    meaningfulNames,
    code,
    [file('src/utils/a.ts'), file('src/core/job-helpers.ts'), file('test/common.ts')],
  ],
  [`no file of src is over ${maxSourceLines} lines`, shortFiles, code, [file('src/core/a.ts', 'a\n'.repeat(401))]],
  [
    'src/index.ts is the only barrel',
    oneBarrel,
    code,
    [
      file('src/core/index.ts', 'export const a = 1\n'),
      file('src/core/all.ts', `export * from './a.ts'\n`),
      file('src/core/some.ts', `export { a } from './a.ts'\nexport type { B } from './b.ts'\n`),
    ],
  ],
  [
    'an exception to the linter or the compiler says why',
    reasonedExceptions,
    code.filter(({ path }) => !path.startsWith('test/house/')),
    [
      file('src/a.ts', '// oxlint-disable-next-line no-console\n'),
      file('src/b.ts', '// @ts-ignore because\n'),
      file('src/c.ts', '// @ts-expect-error\n'),
    ],
  ],
  [
    'the checker shares nothing with src',
    independentChecker,
    code,
    [file('test/checker/main.ts', `import { crc } from '../../src/adapters/embedded/crc.ts'\n`)],
  ],
  [
    'every record and field of a schema has a doc',
    documentedSchemas,
    schemas,
    [
      file('schemas/a.avsc', '{ "type": "record", "name": "A", "fields": [] }'),
      file(
        'schemas/b.avsc',
        '{ "type": "record", "name": "B", "doc": "b", "fields": [{ "name": "c", "type": "int", "doc": " " }] }',
      ),
    ],
  ],
]

describe('the laws of the house', () => {
  test.each(laws)('%s', (_, law, files) => {
    expect(law(files)).toEqual([])
  })

  test.each(laws)('breaking it is noticed: %s', (_, law, __, bad) => {
    for (const example of bad) expect(law([example])).toHaveLength(1)
  })
})

describe('the lock file', () => {
  interface LockEntry {
    readonly resolved?: string
    readonly optionalDependencies?: Record<string, string>
  }
  const text = readFileSync(join(repository, 'package-lock.json'), 'utf8')
  const { packages } = JSON.parse(text) as { packages: Record<string, LockEntry> }

  test('names no registry and no folder of a machine', () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([])
  })

  test('has an entry for every platform package, or npm ci refuses it (scripts/complete-lockfile.ts adds them)', () => {
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    expect(wanted.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([])
  })
})

test('every dependency has an exact version, and cron-parser its patch releases', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(([, range]) => !/^\d/.test(range))
  expect(ranges.map(([name]) => name)).toEqual(['cron-parser'])
})
