#!/usr/bin/env node
/**
 * The `horolog` command. Compiled code is cached in Node's folder for it (NODE_DISABLE_COMPILE_CACHE=1 turns that off),
 * which halves the start; so everything else is imported after that.
 */
import { enableCompileCache } from 'node:module'

enableCompileCache()
const { run } = await import('./run.ts')
await run()
