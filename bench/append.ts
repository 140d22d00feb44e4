/**
 * Durable appends to the embedded log beside the plainest loop that is as durable: write and fdatasync of as many bytes into
 * a preallocated file.
 *
 * Boundary: a temporary folder under the working directory's disk (the system's may be memory). Rounds of both alternate,
 * medians are compared, so that a neighbour's load hits both.
 */
import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openEmbeddedLog } from '../src/adapters/embedded/embedded-log.ts'
import { createSystemClock } from '../src/adapters/system/system-clock.ts'
import type { EventLog, LogRecord } from '../src/ports/event-log.ts'
import type { BenchLine } from './line.ts'

const ROUNDS = 5
const VALUE_BYTES = 250
const PEER = 'write+fdatasync loop, preallocated'
const GROWING_PEER = 'write+fdatasync loop, growing file'

/** Between rounds, so that the log can make its next segment ready, as it does in any pause. */
const PAUSE_MS = 150
const EVENTS = { topic: 'events', partition: 0 }

/** Records per batch, and batches in a round. A round is a burst: it fits into what the log has ready. */
const BURSTS = [
  { size: 1, batches: 500 },
  { size: 100, batches: 400 },
  { size: 1_000, batches: 100 },
] as const

/** More than the log has ready: it must fill new segments with zeros while it appends. */
const SUSTAINED = { size: 1_000, batches: 300 } as const
const SUSTAINED_ROUNDS = 3

const CALLERS = 64
const APPENDS_PER_CALLER = 200

export async function benchAppend(): Promise<BenchLine[]> {
  const folder = mkdtempSync(join(process.cwd(), '.bench-append-'))
  const clock = createSystemClock()
  const log = await openEmbeddedLog({ folder: join(folder, 'log'), now: () => clock.now() })
  try {
    const lines: BenchLine[] = []
    await appendRound(log, 1_000, 200)
    for (const { size, batches } of BURSTS) {
      lines.push(
        await besides(log, `append, 1 caller, batches of ${size}`, {
          folder,
          size,
          batches,
          rounds: ROUNDS,
          grow: false,
        }),
      )
    }
    const alone: number[] = []
    const together: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await appendRound(log, 1, APPENDS_PER_CALLER))
      together.push(await callersRound(log))
    }
    lines.push(line(`append, ${CALLERS} callers, batches of 1`, median(together), median(alone), 'append, 1 caller'))
    const sustained = { folder, ...SUSTAINED, rounds: SUSTAINED_ROUNDS, grow: true }
    lines.push(await besides(log, `append, 1 caller, batches of ${SUSTAINED.size}, sustained`, sustained))
    return lines
  } finally {
    await log.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Rounds {
  readonly folder: string
  readonly size: number
  readonly batches: number
  readonly rounds: number
  /** Whether the peer's file grows as it is written. */
  readonly grow: boolean
}

async function besides(
  log: EventLog,
  bench: string,
  { folder, size, batches, rounds, grow }: Rounds,
): Promise<BenchLine> {
  const bytes = size * (VALUE_BYTES + 'job-0000'.length)
  const own: number[] = []
  const peer: number[] = []
  for (let round = 0; round < rounds; round++) {
    // A fresh file each time, as the log's are: a disk may be faster where it was written before.
    peer.push(plainRound(join(folder, `plain-${size}-${grow}-${round}`), bytes, batches, grow) * size)
    await pause(PAUSE_MS)
    own.push((await appendRound(log, size, batches)) * size)
  }
  return line(bench, median(own), median(peer), grow ? GROWING_PEER : PEER)
}

/** Batches per second, one after another. */
async function appendRound(log: EventLog, size: number, batches: number): Promise<number> {
  const records = batchOf(size)
  const began = performance.now()
  for (let batch = 0; batch < batches; batch++) await log.append(EVENTS, records)
  return (batches / (performance.now() - began)) * 1_000
}

async function callersRound(log: EventLog): Promise<number> {
  const records = batchOf(1)
  const caller = async (): Promise<void> => {
    for (let batch = 0; batch < APPENDS_PER_CALLER; batch++) await log.append(EVENTS, records)
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return ((CALLERS * APPENDS_PER_CALLER) / (performance.now() - began)) * 1_000
}

function plainRound(path: string, bytes: number, batches: number, grow: boolean): number {
  const file = openSync(path, 'wx')
  try {
    const data = Buffer.alloc(bytes, 1)
    const zeros = Buffer.alloc(1_024 * 1_024)
    const ahead = grow ? 0 : bytes * batches
    for (let at = 0; at < ahead; at += zeros.length) writeSync(file, zeros, 0, zeros.length, at)
    fsyncSync(file)
    const began = performance.now()
    for (let batch = 0; batch < batches; batch++) {
      writeSync(file, data, 0, bytes, batch * bytes)
      fdatasyncSync(file)
    }
    return (batches / (performance.now() - began)) * 1_000
  } finally {
    closeSync(file)
  }
}

function batchOf(size: number): LogRecord[] {
  return Array.from({ length: size }, (_, index) => ({
    key: `job-${String(index).padStart(4, '0')}`,
    value: new Uint8Array(VALUE_BYTES).fill(index),
  }))
}

function line(bench: string, value: number, peerValue: number, peer: string): BenchLine {
  const ratio = Math.round((value / peerValue) * 100) / 100
  return { bench, unit: 'records/s', value: Math.round(value), peer, peerValue: Math.round(peerValue), ratio }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
