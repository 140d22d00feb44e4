// The reader's rule: what a log with one writer must not contain.
import { expect, test } from 'vitest'
import { batch, checked, historyOf, kindsOf } from '../plant/checked.ts'
import { History } from '../plant/history.ts'
import { added, at, fired, START, succeeded } from '../plant/story.ts'

const first = batch(at(1), fired(1))
const done = batch(at(1) + 5, succeeded(1))

test.each([
  ['a batch that was decided on another history', ['broken-chain'], { prev: Buffer.alloc(32, 1) }],
  ['a batch of somebody else', ['dropped-batch'], { owner: Buffer.alloc(16, 9) }],
  ['a batch that counts more records than it has', ['dropped-batch'], { count: 2 }],
  ['a batch whose trailer is at another place', ['dropped-batch'], { index: 2 }],
  ['a mark that is ahead of its batch', ['went-back'], { dispatchedThrough: { epoch: 1, seq: 2 } }],
])('%s is found', (_, kinds, trailer) => {
  expect(kindsOf(checked(historyOf({ ...first, trailer })))).toEqual(kinds)
})

test('a batch without its trailer is found, at the end and in the middle', () => {
  const torn = historyOf({ ...first, trailer: false })
  expect(kindsOf(checked(torn))).toEqual(['no-trailer'])
  expect(kindsOf(checked(torn.announce(at(2))))).toEqual(['no-trailer'])
})

test('the records of two batches are not taken for one', () => {
  const history = historyOf({ ...first, trailer: false })
  const [again] = historyOf(first).appends.slice(-1)
  history.appends.push(again ?? [])
  expect(kindsOf(checked(history))).toContain('ignored-record')
})

test('a lower epoch after a higher one is found, and so is the same', () => {
  for (const epoch of [1, 2]) {
    const history = historyOf(first).announce(at(2)).announce(at(2), { epoch })
    expect(kindsOf(checked(history))).toEqual(['ignored-record'])
    history.batch({ ...done, time: at(2) })
    expect(kindsOf(checked(history))).toContain(epoch === 1 ? 'ignored-record' : 'dropped-batch')
  }
})

test('a batch that is missing is a gap, and what follows is no history', () => {
  const history = historyOf(first, done)
  history.appends.splice(2, 1)
  expect(kindsOf(checked(history))).toEqual(['seq-gap'])
})

test('a batch that stands there twice is found', () => {
  const history = historyOf(first)
  history.appends.push(history.appends.at(-1) ?? [])
  expect(kindsOf(checked(history))).toEqual(['ignored-record'])
})

test.each([
  ['another log', { logId: Buffer.alloc(16, 8) }],
  ['another number of partitions', { partitions: 2 }],
  ['another format', { format: 2 }],
  ['another hash', { hash: 'crc32' }],
])('an announcement of %s is found', (_, members) => {
  expect(kindsOf(checked(historyOf().announce(at(1), members)))).toEqual(['wrong-announcement'])
})

test('a time that is lower than the one before is found', () => {
  expect(kindsOf(checked(historyOf(first, { ...done, time: at(1) - 1 })))).toEqual(['went-back'])
})

test('a record that is no event, and one under a wrong key, are found', () => {
  const history = historyOf()
  history.appends.push([{ key: null, value: Buffer.from('{}') }])
  expect(kindsOf(checked(history))).toEqual(['unreadable-record'])
  const moved = new History().announce(START).batch(batch(START, added()))
  const records = moved.appends[1] ?? []
  moved.appends[1] = records.map((record, index) => (index === 0 ? { ...record, key: 'tock' } : record))
  expect(kindsOf(checked(moved))).toEqual(['wrong-key'])
})
