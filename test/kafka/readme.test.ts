// What the README shows of Kafka is run: its commands one after another, and its program.
import { readFileSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeOnKafka } from '../support/kafka/on-kafka.ts'
import { clusterCli } from './cluster-cli.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const INDEX = new URL('../../src/index.ts', import.meta.url).href
const SECTION = README.slice(README.indexOf('\n## On Kafka\n'))

function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(SECTION) ?? []
  if (text === undefined) throw new Error(`the section on Kafka has no ${language} block`)
  return text
}

describeOnKafka('the README on Kafka', () => {
  test('its commands make topics, decide, execute and show what happens, and its program submits', async () => {
    const cluster = clusterCli()
    const lines = block('sh').split('\n')
    const commands = lines
      .filter((line) => line.startsWith('horolog '))
      .map((line) => line.replace(/#.*/, '').trimEnd())
    expect(commands.map((command) => command.split(' ')[1])).toEqual(['topics', 'serve', 'worker', 'jobs', 'events'])
    const codes: (number | null)[] = []
    for (const command of commands) {
      const [, ...args] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
      if (args[0] === 'topics' || args[0] === 'jobs') {
        codes.push((await cluster.run(...args)).code)
        continue
      }
      const running = cluster.start(...args)
      await (args[0] === 'events'
        ? running.line('RunSucceeded', 'hello', '{"greeted":"Kafka"}')
        : running.line('ready'))
    }
    expect(codes).toEqual([0, 0])

    const program = join(cluster.folder, 'program.ts')
    const text = block('ts').replace("from 'horolog'", `from '${INDEX}'`)
    writeFileSync(program, text.replace('kafka://localhost:9092', cluster.log))
    const child = spawn(process.execPath, [program], { cwd: cluster.folder, stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    child.stdout.on('data', (bytes: Buffer) => void (printed += bytes.toString()))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(printed).toContain("'hello'")
  })
})
