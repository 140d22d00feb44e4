/** I13: what happens to jobs and runs does not depend on the log. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Place } from '../same/play.ts'
import { sameStories } from '../same/same.ts'
import { STORIES } from '../same/stories/all.ts'
import { describeOnKafka } from '../support/kafka/on-kafka.ts'
import { kafkaUrl, timelessTopics } from './shaped-topics.ts'

const PARTITIONS = 3

const folder = mkdtempSync(join(tmpdir(), 'same-'))
afterAll(() => rmSync(folder, { recursive: true }))

describeOnKafka('in memory, on disk and on Kafka the same happens when', () => {
  const disk = (): Place => ({ log: `file:${mkdtempSync(join(folder, 'log-'))}` })
  const kafka = async (): Promise<Place> => ({
    log: kafkaUrl(await timelessTopics(PARTITIONS, { other: 2, later: 2 })),
  })
  const client = async (): Promise<Place> => ({ ...(await kafka()), fromOutside: true })
  sameStories(STORIES, { disk, Kafka: kafka, 'Kafka, for a client': client })
})
