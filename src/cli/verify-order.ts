/** I3: epochs rise, batches of an epoch are numbered without a gap, events of a batch too; times do not go back. */
import type { AcceptedEvent } from '../materializer/reader.ts'
import type { Complain } from './problem.ts'

export class OrderCheck {
  owners = 0
  batches = 0
  readonly #complain: Complain
  #epoch = 0
  #seq = 0
  #time = 0
  #logId: string | null = null

  constructor(complain: Complain) {
    this.#complain = complain
  }

  take(events: readonly AcceptedEvent[]): void {
    for (const [index, { event, offset }] of events.entries()) {
      if (event.index !== index)
        this.#complain(offset, 'I3', `event ${event.index} stands at place ${index} of its batch`)
      if (event.time < this.#time)
        this.#complain(offset, 'I3', `its time ${event.time} is before ${this.#time} of the event before it`)
      this.#time = Math.max(this.#time, event.time)
    }
    const last = events.at(-1)
    if (last === undefined) return
    if (last.event.type === 'OwnerAnnounced') this.#announced(last)
    else this.#committed(last)
  }

  #announced({ event, offset }: AcceptedEvent): void {
    if (event.type !== 'OwnerAnnounced') return
    this.owners += 1
    const logId = Buffer.from(event.logId).toString('hex')
    if (event.epoch <= this.#epoch)
      this.#complain(offset, 'I3', `epoch ${event.epoch} is announced after epoch ${this.#epoch}`)
    if (this.#logId !== null && logId !== this.#logId)
      this.#complain(offset, 'I3', `log ${logId} is announced in log ${this.#logId}`)
    this.#epoch = event.epoch
    this.#seq = 0
    this.#logId = logId
  }

  #committed({ event, offset }: AcceptedEvent): void {
    this.batches += 1
    if (event.epoch !== this.#epoch || event.seq !== this.#seq + 1) {
      this.#complain(offset, 'I3', `batch ${event.epoch}-${event.seq} follows batch ${this.#epoch}-${this.#seq}`)
    }
    this.#epoch = event.epoch
    this.#seq = event.seq
  }
}
