// Folders whose files are not what was written: damage before the tail is found, a torn tail is none.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkLog } from '../check-log.ts'
import { batch, checked, historyOf, kindsOf } from '../plant/checked.ts'
import { sealFrame, segmentFile } from '../plant/frames.ts'
import type { History } from '../plant/history.ts'
import { at, fired, succeeded } from '../plant/story.ts'
import { readFrame, UnreadableLogError } from './segment-bytes.ts'

const SMALL = 2_048
const fires = (count: number): History =>
  historyOf(
    ...Array.from({ length: count }, (_, index) => index + 1).flatMap((number) => [
      batch(at(number), fired(number)),
      batch(at(number) + 1, succeeded(number)),
    ]),
  )

/** Where the frames of a segment begin and end. */
function framesOf(segment: Buffer): { from: number; to: number }[] {
  const frames: { from: number; to: number }[] = []
  for (let from = 64; ;) {
    const frame = readFrame(segment, from, 0)
    if (frame === null) return frames
    frames.push({ from, to: from + frame.length })
    from += frame.length
  }
}

function edit(folder: string, number: number, change: (bytes: Buffer) => void): void {
  const file = segmentFile(folder, number)
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
}

describe('damage', () => {
  test('no byte before the last frame can change unnoticed', { timeout: 60_000 }, () => {
    const folderOf = (history: History, change: (bytes: Buffer) => void): string[] =>
      kindsOf(checked(history, { segmentBytes: 4_096, tamper: (folder) => edit(folder, 0, change) }))
    const history = fires(1)
    let end = 0
    expect(folderOf(history, (bytes) => (end = framesOf(bytes).at(-1)?.from ?? 0))).toEqual([])
    const silent: number[] = []
    for (let byte = 64; byte < end; byte += 1) {
      const kinds = folderOf(history, (bytes) => (bytes[byte] = (bytes[byte] ?? 0) ^ 0x40))
      if (!kinds.includes('damaged-frame')) silent.push(byte)
    }
    expect(end).toBeGreaterThan(1_000)
    expect(silent).toEqual([])
  })

  test('an event that is edited with its CRC made right breaks the chain', () => {
    const tamper = (folder: string): void =>
      edit(folder, 0, (bytes) => {
        const { from, to } = framesOf(bytes)[2] ?? { from: 0, to: 0 }
        const frame = bytes.subarray(from, to)
        frame[frame.indexOf('default')] = 'D'.charCodeAt(0)
        sealFrame(frame)
      })
    expect(kindsOf(checked(fires(2), { tamper }))).toContain('broken-chain')
  })

  test('a frame that is zeroed before others is found, and the offset is named', () => {
    const tamper = (folder: string): void =>
      edit(folder, 0, (bytes) => {
        const { from, to } = framesOf(bytes)[2] ?? { from: 0, to: 0 }
        bytes.fill(0, from, to)
      })
    const report = checked(fires(2), { tamper })
    expect(kindsOf(report)).toEqual(['damaged-frame'])
    expect(report.violations[0]?.text).toMatch(/byte \d+ of segment-00000000\.log.*events\/0 at offset 3 next/)
  })

  test('a segment that is missing, whose header is wrong, or that goes on behind its end is found', () => {
    const history = fires(20)
    const check = (tamper: (folder: string) => void): string[] =>
      kindsOf(checked(history, { segmentBytes: SMALL, tamper }))
    expect(check(() => {})).toEqual([])
    expect(check((folder) => rmSync(segmentFile(folder, 1)))).toEqual(['damaged-frame'])
    expect(check((folder) => rmSync(segmentFile(folder, 0)))).toEqual(['damaged-frame'])
    expect(check((folder) => edit(folder, 1, (bytes) => (bytes[20] = 1)))).toEqual(['damaged-frame'])
    expect(check((folder) => edit(folder, 1, (bytes) => (bytes[SMALL - 1] = 1)))).toEqual(['damaged-frame'])
  })
})

describe('a torn tail is the end of the log', () => {
  test('half of the last frame', () => {
    const tamper = (folder: string): void =>
      edit(folder, 0, (bytes) => {
        const { from, to } = framesOf(bytes).at(-1) ?? { from: 0, to: 0 }
        bytes.fill(0, from + 100, to)
      })
    const report = checked(fires(2), { tamper, sealed: false })
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ batches: 4, openRuns: 1 })
    expect(report.tornTailBytes).toBeGreaterThan(90)
  })

  test('a file that is cut off', () => {
    const report = checked(fires(2), { tamper: (folder) => truncateSync(segmentFile(folder, 0), 500), sealed: false })
    expect(kindsOf(report)).toEqual([])
    expect(report.batches).toBeLessThan(5)
  })
})

describe('what is no log', () => {
  const refused = (tamper: (folder: string) => void): (() => void) => {
    return () => checked(fires(1), { tamper })
  }

  test('is refused', () => {
    expect(() => checkLog('/nowhere')).toThrow(UnreadableLogError)
    expect(refused((folder) => rmSync(join(folder, 'log.json')))).toThrow(UnreadableLogError)
    expect(refused((folder) => rmSync(segmentFile(folder, 0)))).toThrow(UnreadableLogError)
    const other = '{"format":"horolog-embedded-log","version":2}'
    expect(refused((folder) => writeFileSync(join(folder, 'log.json'), other))).toThrow(/version 2/)
  })
})
