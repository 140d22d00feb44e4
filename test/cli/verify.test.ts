import { readdirSync, readFileSync, writeFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readFrame, SEGMENT_HEADER_BYTES } from '../checker/embedded/segment-bytes.ts'
import { sealFrame } from '../checker/plant/frames.ts'
import { cli, temporaryFolder } from './cli-process.ts'

describe('horolog verify', () => {
  test('holds for a sound log, and names the offset after a byte was changed before the last batch', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'flip-me', '--task', 'echo', '--every', '1h')
    await cli(folder, 'jobs', 'pause', 'flip-me')
    const sound = await cli(folder, 'verify', '-o', 'json')
    expect(sound.code).toBe(0)
    expect(JSON.parse(sound.stdout)).toMatchObject({
      ok: true,
      partitions: [
        {
          partition: 0,
          records: 6,
          ignored: 0,
          dropped: 0,
          jobs: 1,
          counts: { owners: 2, batches: 2, events: 2, commands: 2 },
        },
      ],
    })
    expect((JSON.parse(sound.stdout) as { partitions: { chain: string }[] }).partitions[0]?.chain).toMatch(
      /^[0-9a-f]{64}$/,
    )

    flipByte(join(folder, '.horolog'), 'flip-me')
    const broken = await cli(folder, 'verify')
    expect(broken.code).toBe(6)
    expect(broken.stderr).toMatch(/^horolog: verify: .*segment-\d+\.log byte \d+.*offset 1 of events\/0.*\n$/)
    expect((await cli(folder, 'jobs', 'ls')).code).toBe(1)
  })
})

describe('an event that was edited, its CRC made right', () => {
  test('is told by the chain: verify names the offsets, and nobody who folds the log owns it any more', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'edited', '--task', 'task-of-mine', '--every', '1h')
    await cli(folder, 'jobs', 'pause', 'edited')
    editAndSeal(join(folder, '.horolog'), 'task-of-mine', 'task-of-yours')

    const broken = await cli(folder, 'verify')
    expect(broken.code).toBe(6)
    expect(broken.stderr + broken.stdout).toMatch(/offset/)
    // A checkpoint stands behind the event: who resumes from there does not read it.
    rmSync(join(folder, '.horolog', 'state'), { recursive: true, force: true })
    const owning = await cli(folder, 'jobs', 'resume', 'edited')
    expect(owning.code).not.toBe(0)
    expect(owning.stderr).toMatch(/offset \d+.*events before it were changed/)
  })
})

/** Replaces the text, cut to the same length, and gives the frame around it a right CRC. */
function editAndSeal(folder: string, text: string, by: string): void {
  const file = join(folder, 'segment-00000000.log')
  const bytes = readFileSync(file)
  const place = bytes.indexOf(text)
  for (
    let at = SEGMENT_HEADER_BYTES, frame = readFrame(bytes, at, 0);
    frame !== null;
    frame = readFrame(bytes, at, 0)
  ) {
    const end = at + frame.length
    if (place > at && place < end) {
      bytes.write(by.slice(0, text.length), place)
      sealFrame(bytes.subarray(at, end))
      writeFileSync(file, bytes)
      return
    }
    at = end
  }
  throw new Error(`no frame has ${text}`)
}

/** Changes a byte of the first place that has the text. */
function flipByte(folder: string, text: string): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) {
    const bytes = readFileSync(join(folder, name))
    const at = bytes.indexOf(text)
    if (at < 0) continue
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(join(folder, name), bytes)
    return
  }
  throw new Error(`no file has ${text}`)
}
