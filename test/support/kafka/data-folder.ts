/** Where a broker keeps its data: one folder `node-<n>` a node, in a temporary folder or in one that stays. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface DataFolder {
  /** Nothing in it outlives `remove`, so nothing has to be brought to an end. */
  readonly temporary: boolean
  /** What all nodes' data was formatted with. */
  readonly clusterId: string
  readonly of: (node: number) => string
  /** Removes a temporary folder, and leaves one that the caller named. */
  readonly remove: () => void
}

/** Rejects data of another number of nodes: copies and votes would be missing. */
export function openDataFolder(named: string | undefined, nodes: number): DataFolder {
  const root = named === undefined ? mkdtempSync(join(tmpdir(), 'horolog-kafka-')) : resolve(named)
  mkdirSync(root, { recursive: true })
  const existing = readdirSync(root).filter((name) => /^node-\d$/.test(name)).length
  if (existing !== 0 && existing !== nodes) {
    throw new Error(`${root} holds the data of ${existing} Kafka nodes, not of ${nodes}`)
  }
  return {
    temporary: named === undefined,
    clusterId: formattedClusterId(join(root, 'node-1')) ?? randomBytes(16).toString('base64url').replace(/^-/, 'A'),
    of: (node) => join(root, `node-${node}`),
    remove() {
      if (named === undefined) rmSync(root, { recursive: true, force: true })
    },
  }
}

function formattedClusterId(nodeFolder: string): string | null {
  const meta = join(nodeFolder, 'data', 'meta.properties')
  if (!existsSync(meta)) return null
  return /^cluster\.id=(.+)$/m.exec(readFileSync(meta, 'utf8'))?.[1] ?? null
}
