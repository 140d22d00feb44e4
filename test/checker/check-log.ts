/**
 * Checks one log: the reader's rule for every partition, and what the accepted events promise; of a folder every frame too.
 * Streams: what stays in memory is what a fold of the log needs, and the ids of runs and commands.
 */
import { fileURLToPath } from 'node:url'
import { PartitionAudit } from './audit/partition-audit.ts'
import { ReadersRule } from './audit/readers-rule.ts'
import { Report } from './audit/report.ts'
import { SingleObjectDecoder } from './avro/decode.ts'
import { readSchemaFiles } from './avro/schema-files.ts'
import { readLogFolder } from './embedded/log-folder.ts'
import type { LogRecord } from './embedded/segment-bytes.ts'

export interface CheckOptions {
  /** The writer has drained and closed the log: every run must have its outcome. Default false. */
  readonly final?: boolean
  /** Ids of commands that were acknowledged, so each must have its answer on the log. */
  readonly acknowledged?: Iterable<string>
  /** Ids of the runs whose task was called: each must be on the log, and no other may have succeeded. */
  readonly executed?: ReadonlySet<string>
  /** Several processes write: records that the reader's rule ignores are no violation. Default false. */
  readonly shared?: boolean
}

const schemas = fileURLToPath(new URL('../../schemas', import.meta.url))
let decoder: SingleObjectDecoder | undefined

interface Partition {
  readonly rule: ReadersRule
  readonly audit: PartitionAudit
}

/** Throws `UnreadableLogError` when there is no log to read. */
export function checkLog(folder: string, options: CheckOptions = {}): Report {
  const report = new Report()
  return checkRecords(readLogFolder(folder, report), options, report)
}

/** Records of the events topic, each partition in the order of its offsets. */
export function checkRecords(
  records: Iterable<LogRecord>,
  options: CheckOptions = {},
  report: Report = new Report(),
): Report {
  const events = (decoder ??= new SingleObjectDecoder(readSchemaFiles(schemas)))
  const partitions = new Map<number, Partition>()
  const open = (partition: number): Partition => {
    const audit = new PartitionAudit(report)
    const rule = new ReadersRule(partition, events, report, (accepted) => audit.batch(accepted), options.shared)
    const opened = { rule, audit }
    partitions.set(partition, opened)
    return opened
  }
  for (const record of records) {
    const { rule } = partitions.get(record.partition) ?? open(record.partition)
    rule.take(record)
  }
  report.partitions = partitions.size
  for (const { rule, audit } of partitions.values()) {
    rule.endOfLog()
    audit.endOfLog(options.final === true)
  }
  const audits = [...partitions.values()].map(({ audit }) => audit)
  checkAcknowledged(report, audits, options.acknowledged ?? [])
  if (options.executed !== undefined) checkExecuted(report, audits, options.executed)
  return report
}

function checkAcknowledged(report: Report, audits: readonly PartitionAudit[], acknowledged: Iterable<string>): void {
  for (const commandId of acknowledged) {
    if (audits.some((audit) => audit.answered(commandId))) continue
    report.violate('lost-command', null, `command ${commandId} was acknowledged, but nothing on the log answers it`)
  }
}

function checkExecuted(report: Report, audits: readonly PartitionAudit[], executed: ReadonlySet<string>): void {
  for (const runId of executed) {
    if (audits.some((audit) => audit.queued(runId))) continue
    report.violate('unknown-run', null, `run ${runId} was executed, but it is not on the log`)
  }
  for (const runId of audits.flatMap((audit) => [...audit.succeeded()])) {
    if (executed.has(runId)) continue
    report.violate('not-executed', null, `run ${runId} succeeded, but its task was never called`)
  }
}
