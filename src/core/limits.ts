/** Limits of design §9. Over one of them: a clear error, nothing lost. */

/** A Kafka record must stay below the broker's default of 1 MB with its headers. */
export const MAX_RECORD_BYTES = 900_000
/** A Kafka batch must stay below the broker's default of 1 MB. */
export const MAX_BATCH_BYTES = 900_000
/** More would make a caller wait for others' work. */
export const MAX_BATCH_EVENTS = 1_000
/** A payload travels in the definition, in the run record and in the state. */
export const MAX_PAYLOAD_BYTES: number = 256 * 1024
export const MAX_RESULT_BYTES: number = 256 * 1024
export const MAX_JOB_ID_CHARS = 200
export const JOB_ID_PATTERN: RegExp = /^[A-Za-z0-9._:@-]{1,200}$/
export const MAX_COMMAND_ID_CHARS = 300
export const MAX_NAME_CHARS = 200
export const MAX_DESCRIPTION_CHARS = 4_000
export const MAX_LABELS = 64
/**
 * A definition travels in one event: payload, metadata, trigger and texts together stay below a record.
 */
export const MAX_TRIGGER_CHARS: number = 64 * 1024
export const MAX_METADATA_BYTES: number = 64 * 1024
/** The submitter's own headers of a job, and their names and values together: they go along with every run. */
export const MAX_HEADERS = 100
export const MAX_HEADERS_BYTES: number = 64 * 1024
/** Of a topic's name, by Kafka's own rule. */
export const MAX_TOPIC_CHARS = 249
export const MAX_DELIVER_KEY_CHARS = 1_000
export const MAX_DELIVER_HEADERS = 32
export const MAX_DELIVER_HEADER_CHARS = 500
/** Deeper JSON can be parsed but not written again by some engines. */
export const MAX_JSON_DEPTH = 64
export const MAX_INSTANCES = 500
/** Runs of one job without an outcome, waiting ones counted: removing the job ends them in one batch. */
export const MAX_OPEN_RUNS = 900
/** All runs of a catch-up pass are decided in one batch. */
export const MAX_CATCH_UP = 500
export const MAX_QUEUE = 500
export const MAX_ATTEMPTS = 1_000
export const MAX_KEEP_RUNS = 1_000
/** A stack or message longer than this is cut: it is there to be read by people. */
export const MAX_ERROR_CHARS = 8_000
/** Shorter intervals would let one job fill a batch by itself. */
export const MIN_JOB_INTERVAL_MS = 10
/** Scheduled times of one job that one decision looks at; the rest follow in the next. */
export const MAX_TIMES_PER_DECISION = 20_000
/** Scheduled times of one backfill: all its runs are decided in one batch. */
export const MAX_BACKFILL = 500
/** Runs in flight of one executor in one process: each has its context in memory. */
export const MAX_CONCURRENCY = 10_000
/** Declared executors, by name: a request per tenant or per run is a mistake, and each stays for ever. */
export const MAX_EXECUTORS = 1_000
/** Pauses by labels at a time: each is compared with every job that is due. */
export const MAX_PAUSE_RULES = 100
/** Scheduled times that an event lists one by one. */
export const TIMES_LISTED = 100
/** How long a command id is remembered, and how many are. */
export const COMMAND_MEMORY_MS = 3_600_000
export const MAX_COMMANDS_REMEMBERED = 1_000_000
/** Longest of any duration in a definition: 10 years. */
export const MAX_DURATION_MS: number = 3_652 * 86_400_000
/** First and last instant that a schedule may name: the years 1970 to 9999. */
export const MIN_INSTANT_MS = 0
export const MAX_INSTANT_MS = 253_402_300_799_999
/** The owner ends an attempt this much after its time-out, for an executor that could not. */
export const TIMEOUT_SLACK_MS = 5_000
/** Attempts that found no such task before the run fails. */
export const UNKNOWN_TASK_TRIES = 10
export const UNKNOWN_TASK_INITIAL_MS = 1_000
export const UNKNOWN_TASK_MAX_MS = 300_000
/** The start of one attempt reported by so many different processes: the run kills them. */
export const STARTS_PER_ATTEMPT = 3
