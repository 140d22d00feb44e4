/** The requests that make topics and look at their settings: plain data, with what their answers mean. */
import type { WireRequest } from './requests.ts'
import { WireWriter } from './wire.ts'

const TOPIC = 2
const SET = 0

export interface NewTopic {
  /** The full name. */
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: readonly { readonly name: string; readonly value: string }[]
}
export interface TopicAnswer {
  readonly topic: string
  readonly errorCode: number
  /** The broker's own words. */
  readonly message: string | null
}

/** Only the controller does it; brokers of a KRaft cluster pass it on, others answer NOT_CONTROLLER. */
export function createTopicsRequest(topics: readonly NewTopic[], timeoutMs: number): WireRequest<TopicAnswer[]> {
  const body = new WireWriter()
  body.array(topics, ({ topic, partitions, replicationFactor, settings }) => {
    body.string(topic).int32(partitions).int16(replicationFactor).int32(0)
    body.array(settings, ({ name, value }) => body.string(name).string(value))
  })
  body.int32(timeoutMs).bool(false)
  return {
    apiKey: 19,
    apiVersion: 3,
    apiName: 'CreateTopics',
    body,
    decode(answer) {
      answer.int32()
      return answer.array(() => ({
        topic: answer.string(),
        errorCode: answer.int16(),
        message: answer.nullableString(),
      }))
    },
  }
}

export interface SettingsAnswer extends TopicAnswer {
  readonly settings: ReadonlyMap<string, string>
}

export function describeTopicsRequest(topics: readonly string[]): WireRequest<SettingsAnswer[]> {
  const body = new WireWriter()
  body.array(topics, (topic) => body.int8(TOPIC).string(topic).int32(-1)).bool(false)
  return {
    apiKey: 32,
    apiVersion: 2,
    apiName: 'DescribeConfigs',
    body,
    decode(answer) {
      answer.int32()
      return answer.array(() => {
        const [errorCode, message] = [answer.int16(), answer.nullableString()] as const
        answer.int8()
        const topic = answer.string()
        const settings = answer.array(() => {
          const setting = [answer.string(), answer.nullableString() ?? ''] as const
          answer.view(3)
          answer.array(() => [answer.string(), answer.nullableString(), answer.int8()])
          return setting
        })
        return { topic, errorCode, message, settings: new Map(settings) }
      })
    },
  }
}

/** Sets one configuration of a topic and leaves the others as they are. */
export function alterTopicRequest(topic: string, name: string, value: string): WireRequest<TopicAnswer[]> {
  const body = new WireWriter()
  body.int32(1).int8(TOPIC).string(topic).int32(1).string(name).int8(SET).string(value).bool(false)
  return {
    apiKey: 44,
    apiVersion: 0,
    apiName: 'IncrementalAlterConfigs',
    body,
    decode(answer) {
      answer.int32()
      return answer.array(() => {
        const [errorCode, message] = [answer.int16(), answer.nullableString()] as const
        answer.int8()
        return { topic: answer.string(), errorCode, message }
      })
    },
  }
}
