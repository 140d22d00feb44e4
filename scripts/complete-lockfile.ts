// Completes package-lock.json after `npm install`: `node scripts/complete-lockfile.ts`.
//
// Native tools (linter, formatter, parser) name one optional package per platform. When the registry behind
// `npm install` lacks some of them, npm leaves them out of the lock file and `npm ci` then refuses that very lock file as
// out of sync. This script adds the entries that are missing, from the exact version that the dependent asks for, so that
// `npm ci` accepts the lock file on every platform. An added entry has no integrity hash: nobody here has seen its bytes.
import { readFileSync, writeFileSync } from 'node:fs'

type LockEntry = {
  version?: string
  cpu?: string[]
  dev?: boolean
  libc?: string[]
  optional?: boolean
  os?: string[]
  optionalDependencies?: Record<string, string>
}
type LockFile = { packages: Record<string, LockEntry> }

const path = new URL('../package-lock.json', import.meta.url)
// npm's own file: its shape is npm's promise, and a wrong one fails at the first access.
const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile

// `…-linux-x64-gnu`, `…/darwin-arm64`: the platform is the end of the package's name.
const platformSuffix =
  /[-/](android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/

const missing = Object.values(lock.packages).flatMap((dependent) =>
  Object.entries(dependent.optionalDependencies ?? {})
    .filter(([name]) => lock.packages[`node_modules/${name}`] === undefined)
    .map(([name, version]) => ({ name, version, dev: dependent.dev === true })),
)

for (const { name, version, dev } of missing) {
  const [, os, cpu, abi] = platformSuffix.exec(name) ?? []
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`cannot complete ${name}@${version}: want a platform in its name and an exact version`)
  }
  const libc = abi === 'gnu' ? ['glibc'] : abi === 'musl' ? ['musl'] : undefined
  lock.packages[`node_modules/${name}`] = {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc }),
    optional: true,
    os: [os],
  }
}

if (missing.length > 0) {
  const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
}
console.log(`${missing.length} missing platform packages added to package-lock.json`)
