#!/usr/bin/env node
/**
 * The `horolog` command. Compiled code is cached in Node's folder for it (NODE_DISABLE_COMPILE_CACHE=1 turns that off),
 * which halves the start; so everything else is imported after that.
 */
import * as nodeModule from 'node:module'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`horolog: expected Node 22.18 or later, got ${process.versions.node}\n`)
  process.exit(1)
}
nodeModule.enableCompileCache()
const { run } = await import('./run.ts')
await run()
