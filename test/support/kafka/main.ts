/**
 * `npm run kafka -- [--nodes 3] [--port 9092] [--data <folder>]`: a real Kafka on loopback, until SIGINT or SIGTERM.
 * Exit 0: stopped · 1: it could not be started, or ended by itself · 2: usage. Without --data nothing is left of it.
 */
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { type BrokerOptions, startBroker } from './broker.ts'
import { tailOf } from './tail.ts'

const USAGE = 'usage: npm run kafka -- [--nodes <1 to 3>] [--port <number>] [--data <folder>]'
const HIGHEST_PORT = 65_535

function numberOption(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0 && value <= max) return value
  throw new Error(`--${name}: expected a whole number from 1 to ${max}, got ${text}`)
}

function readUsage(): BrokerOptions | null {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({ options: { nodes: text, port: text, data: text } })
    const nodes = numberOption('nodes', values.nodes, 3)
    const port = numberOption('port', values.port, HIGHEST_PORT)
    return {
      ...(nodes !== undefined && { nodes }),
      ...(port !== undefined && { port }),
      ...(values.data !== undefined && { dataFolder: values.data }),
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    return null
  }
}

function endOfNode(node: number, logFiles: readonly string[]): string {
  return `Kafka node ${node} ended by itself; the end of its log:\n${tailOf(logFiles[node - 1] ?? '')}`
}

async function main(): Promise<number> {
  const options = readUsage()
  if (options === null) return 2
  // Listening first: a stop that is asked for during the start is carried out right after it.
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  try {
    const broker = await startBroker(options)
    console.log(`kafka    ${broker.address}`)
    console.log(`brokers  ${broker.brokers.join(',')}`)
    for (const file of broker.logFiles) console.log(`log      ${file}`)
    console.log('Ctrl-C stops it')
    const nodes = broker.brokers.map((_, i) => i + 1)
    const dead = await Promise.race([
      stopped.then(() => null),
      ...nodes.map((node) => broker.exited(node).then(() => node)),
    ])
    if (dead !== null) console.error(endOfNode(dead, broker.logFiles))
    await broker.stop()
    return dead === null ? 0 : 1
  } catch (error) {
    console.error((error as Error).message)
    return 1
  }
}

process.exitCode = await main()
