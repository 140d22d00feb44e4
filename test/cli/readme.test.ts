// What the README shows is run: its program, and its commands one after another.
import { readFileSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cli, temporaryFolder } from './cli-process.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const INDEX = new URL('../../src/index.ts', import.meta.url).href

function block(language: string, containing: string): string {
  const blocks = [...README.matchAll(/```(\w+)\n([\s\S]*?)```/g)].filter(([, name]) => name === language)
  const found = blocks.map(([, , text]) => text ?? '').find((text) => text.includes(containing))
  if (found === undefined) throw new Error(`the README has no ${language} block with ${containing}`)
  return found
}

test('the program of the README greets the world every second', async () => {
  const folder = temporaryFolder()
  const program = join(folder, 'program.ts')
  writeFileSync(program, block('ts', 'Scheduler.open').replace("from 'horolog'", `from '${INDEX}'`))
  const child = spawn(process.execPath, [program], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const line = await new Promise<string>((resolve, reject) => {
      let text = ''
      child.stdout.on('data', (bytes: Buffer) => {
        text += bytes.toString()
        if (text.includes('\n')) resolve(text)
      })
      child.on('exit', (code) => reject(new Error(`it ended with ${code}`)))
    })
    expect(line).toMatch(/^hello\/1-1-0\/\S+ { greeted: 'world' }/)
  } finally {
    child.kill('SIGKILL')
  }
})

test('the second program of the README runs to its end', async () => {
  const folder = temporaryFolder()
  const program = join(folder, 'program.ts')
  writeFileSync(program, block('ts', 'runIn').replace("from 'horolog'", `from '${INDEX}'`))
  const child = spawn(process.execPath, [program], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (bytes: Buffer) => void (printed.stdout += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => void (printed.stderr += bytes.toString()))
  const code = await new Promise((resolve) => child.on('exit', resolve))
  expect({ code, stderr: printed.stderr }).toEqual({ code: 0, stderr: '' })
  expect(printed.stdout).toContain('it returned 1')
})

test('in a clone the command line is a script of npm, as the README says', async () => {
  const [, command = ''] = /in a clone `npm ([^`]+)`/.exec(README) ?? []
  const child = spawn('npm', [...command.split(' '), '--log', `file:${temporaryFolder()}/none`], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (bytes: Buffer) => void (stderr += bytes.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).toBe(3)
  expect(stderr).toContain('none')
})

test('the commands of the README do what they say', async () => {
  const folder = temporaryFolder()
  const lines = block('sh', 'horolog verify').split('\n')
  const commands = lines.filter((line) => line.startsWith('horolog ') && !line.startsWith('horolog dev'))
  expect(commands.length).toBeGreaterThanOrEqual(5)
  for (const command of commands) {
    const words = [...command.replace(/#.*/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, quoted, word]) => quoted ?? word ?? '',
    )
    const { code, stderr } = await cli(folder, ...words.slice(1))
    expect({ command, code, stderr: code === 0 ? '' : stderr }).toEqual({ command, code: 0, stderr: '' })
  }
})
