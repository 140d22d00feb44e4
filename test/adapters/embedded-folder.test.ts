/** One folder, one owner: the lock, and what is said of folders that can't be used. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { readLockOwner } from '../../src/adapters/embedded/folder-lock.ts'
import { openEmbeddedLogForReading } from '../../src/adapters/embedded/reading-log.ts'
import { record, refusal } from '../contract/event-log.ts'
import { startLogProcess } from './child.ts'
import { temporaryFolder } from './temporary-folder.ts'

const EVENTS = { topic: 'events', partition: 0 }
const now = (): number => 1_000

let folder: string

beforeEach(() => {
  const temporary = temporaryFolder()
  folder = temporary.folder
  onTestFinished(temporary.remove)
})

describe('the lock', () => {
  test('refuses a second opening in the same process, and names folder and process', async () => {
    const log = await openEmbeddedLog({ folder, now })
    await expect(openEmbeddedLog({ folder, now })).rejects.toMatchObject({
      ...refusal('owned'),
      owner: process.pid,
      message: `${folder} is open in process ${process.pid}`,
    })
    expect(readLockOwner(folder)).toBe(process.pid)
    await log.close()
    expect(readLockOwner(folder)).toBeNull()
    await (await openEmbeddedLog({ folder, now })).close()
  })

  test('refuses a second process, which can read meanwhile', async () => {
    const log = await openEmbeddedLog({ folder, now })
    const other = startLogProcess('hold', folder)
    expect(await other.line()).toBe(`owned ${process.pid}`)
    await other.finish()
    await log.append(EVENTS, [record('still mine')])
    await log.close()
  })

  test('is given back by a process that ends, and taken from one that was killed', async () => {
    const first = startLogProcess('hold', folder)
    expect(await first.line()).toBe('open')
    await expect(openEmbeddedLog({ folder, now })).rejects.toMatchObject({
      ...refusal('owned'),
      owner: first.process.pid,
    })
    await first.finish()
    const second = startLogProcess('hold', folder)
    expect(await second.line()).toBe('open')
    expect(readLockOwner(folder)).toBe(second.process.pid)
    await second.kill()
    expect(readLockOwner(folder)).toBeNull()
    await (await openEmbeddedLog({ folder, now })).close()
  })

  test('of a dead owner goes to exactly one of several that want it', async () => {
    writeLock(1, { pid: 2 ** 22 + 1, began: null })
    const racers = Array.from({ length: 4 }, () => startLogProcess('hold', folder))
    const said = await Promise.all(racers.map((racer) => racer.line()))
    const winner = said.indexOf('open')
    expect(said).toEqual(said.map((_, racer) => (racer === winner ? 'open' : `owned ${racers[winner]?.process.pid}`)))
    await Promise.all(racers.map((racer) => racer.finish()))
  })

  test.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, began: null }],
    ['an earlier process of an id that lives', { pid: process.ppid, began: 'another boot/1' }],
    ['an earlier process of the own id, as in a container', { pid: process.pid, began: 'another boot/1' }],
    ['the own id where no start time is known', { pid: process.pid, began: null }],
  ])('left by %s is taken over', async (_, holder) => {
    writeLock(7, holder)
    expect(readLockOwner(folder)).toBeNull()
    const log = await openEmbeddedLog({ folder, now })
    expect(readdirSync(folder).filter((name) => name.startsWith('lock'))).toEqual(['lock.8'])
    await log.close()
  })

  test('left half written by a power failure is taken over', async () => {
    writeFileSync(join(folder, 'lock.3'), '')
    await (await openEmbeddedLog({ folder, now })).close()
    expect(readFileSync(join(folder, 'lock.4'), 'utf8')).toBe('{"pid":0,"began":null}\n')
  })

  test('is not taken by a reader, and nothing is written by one', async () => {
    await (await openEmbeddedLog({ folder, now })).close()
    const names = readdirSync(folder)
    const reader = await openEmbeddedLogForReading({ folder })
    await expect(reader.append(EVENTS, [record('x')])).rejects.toMatchObject(refusal('read-only'))
    await expect(
      reader.join({ name: 'reader', assigned: () => undefined, lost: () => undefined }),
    ).rejects.toMatchObject(refusal('read-only'))
    expect(readdirSync(folder)).toEqual(names)
    await (await openEmbeddedLog({ folder, now })).close()
    await reader.close()
  })

  function writeLock(number: number, holder: { pid: number; began: string | null }): void {
    writeFileSync(join(folder, `lock.${number}`), `${JSON.stringify(holder)}\n`)
  }
})

describe('a folder', () => {
  test('is made with all above it, and named absolutely', async () => {
    const deep = join(folder, 'a', 'b')
    const log = await openEmbeddedLog({ folder: relative(process.cwd(), deep), now })
    expect(log).toMatchObject({ folder: deep, created: true, partitions: 1 })
    await log.close()
    const again = await openEmbeddedLog({ folder: deep, now })
    expect(again.created).toBe(false)
    await again.close()
  })

  test('keeps its number of partitions: another one is refusal, none takes what is there', async () => {
    await (await openEmbeddedLog({ folder, partitions: 4, now })).close()
    await expect(openEmbeddedLog({ folder, partitions: 2, now })).rejects.toMatchObject({
      ...refusal('wrong-log'),
      message: expect.stringContaining('has 4 partitions, not 2'),
    })
    const log = await openEmbeddedLog({ folder, now })
    expect(log.partitions).toBe(4)
    await log.close()
  })

  test('that is a file is refused', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'text')
    await expect(openEmbeddedLog({ folder: path, now })).rejects.toMatchObject({
      ...refusal('wrong-log'),
      message: `${path} is not a folder`,
    })
    await expect(openEmbeddedLog({ folder: join(path, 'below'), now })).rejects.toMatchObject(refusal('wrong-log'))
    await expect(openEmbeddedLogForReading({ folder: path })).rejects.toMatchObject(refusal('wrong-log'))
  })

  test('with other files and no log is refused and left as it is', async () => {
    writeFileSync(join(folder, 'thesis.txt'), 'text')
    await expect(openEmbeddedLog({ folder, now })).rejects.toMatchObject({
      ...refusal('wrong-log'),
      message: expect.stringContaining('thesis.txt'),
    })
    expect(readdirSync(folder)).toEqual(['thesis.txt'])
  })

  test('with hidden files only is taken, and one with a log may have other files', async () => {
    writeFileSync(join(folder, '.gitkeep'), '')
    await (await openEmbeddedLog({ folder, now })).close()
    mkdirSync(join(folder, 'state'))
    const log = await openEmbeddedLog({ folder, now })
    expect(log.created).toBe(false)
    await log.close()
  })

  test('whose making was cut short is made again', async () => {
    const log = await openEmbeddedLog({ folder, now })
    await log.close()
    const page = join(folder, 'log.json')
    writeFileSync(`${page}.tmp`, readFileSync(page))
    rmSync(page)
    const again = await openEmbeddedLog({ folder, partitions: 2, now })
    expect(again).toMatchObject({ created: true, partitions: 2 })
    await again.close()
  })

  test('without a log has nothing to read', async () => {
    await expect(openEmbeddedLogForReading({ folder })).rejects.toMatchObject({
      ...refusal('wrong-log'),
      message: expect.stringContaining(`no log in ${folder}`),
    })
    await expect(openEmbeddedLogForReading({ folder: join(folder, 'missing') })).rejects.toMatchObject(
      refusal('wrong-log'),
    )
    expect(existsSync(join(folder, 'missing'))).toBe(false)
  })

  test.skipIf(process.getuid?.() === 0)('that is not writable is refused', async () => {
    chmodSync(folder, 0o500)
    await expect(openEmbeddedLog({ folder, now })).rejects.toMatchObject({
      ...refusal('unavailable'),
      message: expect.stringContaining('EACCES'),
    })
  })

  test.runIf(process.platform === 'linux')('where none can be made is refused, not tried for ever', async () => {
    await expect(openEmbeddedLog({ folder: '/proc/log', now })).rejects.toMatchObject(refusal('unavailable'))
  })

  test.each([0, 1.5, 100_000])('takes no %d partitions', async (partitions) => {
    await expect(openEmbeddedLog({ folder, partitions, now })).rejects.toMatchObject(refusal('wrong-log'))
  })

  test('takes no segments that are too small or uneven', async () => {
    for (const segmentBytes of [4_096, 65_540])
      await expect(openEmbeddedLog({ folder, segmentBytes, now })).rejects.toMatchObject(refusal('wrong-log'))
  })
})
