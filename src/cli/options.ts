/** Options that several verbs have, and the reading of option values. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { OUTPUT_FORMATS, type OutputFormat } from './output.ts'

export interface LogOption {
  readonly log?: string
  readonly kafkaConfig?: string
}

export interface OutputOption {
  readonly output: OutputFormat
}

/** Who asks, and under which id: kept in the events. */
export interface CommandOption {
  readonly actor?: string
  readonly commandId?: string
  readonly answerTimeout?: string
}

const WHERE =
  'where the log is: file:<folder> or kafka://<host:port>[/namespace] (default: $HOROLOG_LOG, else file:.horolog)'

export function addLogOption(command: Command): Command {
  command.option('--log <address>', WHERE)
  const properties = 'properties file of a Kafka client, as for TLS and SASL (default: $HOROLOG_KAFKA_PROPERTIES)'
  return command.option('--kafka-config <file>', properties)
}

export function addOutputOption(command: Command): Command {
  const option = new Option('-o, --output <format>', 'form of the output').choices([...OUTPUT_FORMATS]).default('table')
  return command.addOption(option)
}

/** And for which version of the job the change is meant. */
export interface ChangeOption extends CommandOption {
  readonly ifVersion?: number
}

/** Without `commandId` for a verb that makes several commands: an id is one command's. */
export function addCommandOptions(
  command: Command,
  { commandId = true }: { readonly commandId?: boolean } = {},
): Command {
  command.option('--actor <who>', 'who asks, kept in the events (default: your user name)')
  command.option('--answer-timeout <duration>', 'on kafka://: how long to wait for an owner (default: 30s)')
  if (!commandId) return command
  return command.option('--command-id <id>', 'makes a repetition a duplicate that changes nothing, for an hour')
}

const MAX_VERSION = 2 ** 31 - 1

export function addChangeOptions(command: Command): Command {
  const isVersion = wholeNumber(1, MAX_VERSION)
  return addCommandOptions(command).option('--if-version <n>', 'rejected when the job has another', isVersion)
}

/** What the policies do is told where triggers are described. */
export function dstOption(): Option {
  const text = 'local times that a clock change skips or repeats (default: compatible: moved on; the first of two)'
  return new Option('--dst <policy>', text).choices(['compatible', 'vixie', 'skip', 'wall'])
}

export interface PauseOption {
  readonly reason?: string
  readonly until?: string
}

export function addPauseOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'kept in the events (default: none)')
    .option('--until <instant>', 'ends by itself: an RFC 3339 instant, or a duration from now as 2h (default: never)')
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
  }
}

/** `k=v`, given any number of times. */
export function labels(text: string, earlier: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected <key>=<value>.')
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) }
}

/** A comma list, given any number of times. */
export function commaList(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...text.split(',').filter((item) => item !== '')]
}
