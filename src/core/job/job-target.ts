/** What a run of the job is: a task that an executor runs, or a record that is produced to a topic. */
import {
  MAX_DELIVER_HEADER_CHARS,
  MAX_DELIVER_HEADERS,
  MAX_DELIVER_KEY_CHARS,
  MAX_NAME_CHARS,
  MAX_TOPIC_CHARS,
} from '../limits.ts'
import { note, type Problems, text, texts } from './check.ts'
import type { Deliver, JobDefinition, JobInput } from './definition.ts'

const PATH = 'job.deliver'

/** `topics`: those that jobs may deliver to; null: nothing here could produce a record. */
export function jobTarget(
  problems: Problems,
  input: JobInput,
  topics: readonly string[] | null,
): Pick<JobDefinition, 'task' | 'deliver'> {
  const task = text(problems, 'job.task', input.task, MAX_NAME_CHARS)
  if (input.deliver === undefined || input.deliver === null) {
    if (task === null) note(problems, 'invalid-option', 'job.task', 'the name of a task', input.task)
    return { task, deliver: null }
  }
  if (task !== null) note(problems, 'invalid-option', PATH, 'either a task or a topic to deliver to', 'both')
  // An owner that follows can't know whether the one before produced the record, and produces it again.
  if (input.delivery === 'at-most-once') {
    note(problems, 'invalid-option', 'job.delivery', 'at-least-once for a record that is delivered', input.delivery)
  }
  return { task: null, deliver: deliverOf(problems, input.deliver, topics) }
}

function deliverOf(problems: Problems, given: unknown, topics: readonly string[] | null): Deliver | null {
  if (topics === null) {
    note(problems, 'invalid-option', PATH, 'a task: jobs that deliver a record need a Kafka log', given)
    return null
  }
  if (typeof given !== 'object' || given === null) {
    note(problems, 'invalid-option', PATH, 'an object with a topic', given)
    return null
  }
  const { topic, key, headers } = given as { readonly [member in keyof Deliver]?: unknown }
  const name = text(problems, `${PATH}.topic`, topic, MAX_TOPIC_CHARS)
  if (name === null) {
    note(problems, 'invalid-option', `${PATH}.topic`, 'the name of a topic', topic)
    return null
  }
  if (!topics.includes(name)) {
    note(
      problems,
      'topic-not-allowed',
      `${PATH}.topic`,
      "a topic that the owners' deliverTopics (serve --deliver-topic) allow",
      name,
    )
  }
  const limits = { entries: MAX_DELIVER_HEADERS, chars: MAX_DELIVER_HEADER_CHARS }
  return Object.freeze({
    topic: name,
    key: text(problems, `${PATH}.key`, key, MAX_DELIVER_KEY_CHARS),
    headers: texts(problems, `${PATH}.headers`, headers, limits),
  })
}
