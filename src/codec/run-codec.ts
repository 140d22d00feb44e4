/** The executor's codec. Reports are written as Avro (protocol §2). */
import type { RunCodec } from '../ports/run-codec.ts'
import { readControl } from './control-record.ts'
import { encodeReport } from './report-codec.ts'
import { readRun } from './run-record.ts'

export const RUN_CODEC: RunCodec = Object.freeze({
  readRun,
  readControl,
  reportRecord: (report, partition) => ({
    topic: 'reports',
    partition,
    key: report.jobId,
    value: encodeReport(report),
    headers: [],
  }),
} satisfies RunCodec)
