/** What happens to processes, log and clock, at random. */
import fc from 'fast-check'
import type { Act } from './step.ts'
import type { Fate, System } from './system.ts'

const pick = fc.nat({ max: 1_000 })

function act<T>(
  kind: string,
  details: fc.Arbitrary<T>,
  act: (system: System, details: T) => void | Promise<void>,
): fc.Arbitrary<Act> {
  return details.map((asked) => ({ kind, details: asked, act: (system) => act(system, asked) }))
}

const advance = act(
  'time passes',
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 900 }) },
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 45 }).map((seconds) => seconds * 1_000) },
    { weight: 1, arbitrary: fc.integer({ min: 60, max: 300 }).map((seconds) => seconds * 1_000) },
  ),
  (system, ms) => system.advance(ms),
)

const back = act('clock back', fc.integer({ min: 1, max: 300 }), async (system, seconds) => {
  system.ledger.see('clock stepped back')
  await system.step(-seconds * 1_000)
})

const forward = act(
  'clock forward',
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 120 }) },
    { weight: 1, arbitrary: fc.constantFrom(600, 1_200, 4_000) },
  ),
  async (system, seconds) => {
    system.ledger.see('clock stepped forward')
    await system.step(seconds * 1_000)
  },
)

/** A new process comes in its place. */
const crash = act(
  'crash',
  fc.record({ pick, all: fc.constantFrom(false, false, false, true) }),
  async (system, { pick, all }) => {
    const { alive } = system
    const one = alive[pick % alive.length]
    const gone = all ? alive : one === undefined ? [] : [one]
    if (gone.length === alive.length) system.ledger.see('crash of all members')
    for (const member of gone) {
      const isBusy = system.observers.some((_, partition) => !member.isSettled(partition))
      system.ledger.see(isBusy ? 'crash with a batch on its way' : 'crash')
      member.crash()
    }
    for (const _member of gone) system.join()
  },
)

const leave = act('leave', pick, (system, pick) => {
  const { alive } = system
  system.ledger.see('member left')
  alive[pick % alive.length]?.leave()
  system.join()
})

/** As a scheduler that was started paused, or is to be shut down. */
const standStill = act('stand still', fc.record({ pick, isFiring: fc.boolean() }), (system, { pick, isFiring }) => {
  const { alive } = system
  if (!isFiring) system.ledger.see('member that does not fire')
  alive[pick % alive.length]?.setFiring(isFiring)
})

const takeover = act('takeover', fc.record({ partition: pick, to: pick, tellLoser: fc.boolean() }), (system, asked) => {
  const { alive, observers } = system
  const partition = asked.partition % observers.length
  const [owner] = system.believers(partition)
  const others = alive.filter((member) => member !== owner)
  const winner = others[asked.to % Math.max(others.length, 1)]
  if (winner === undefined) return
  if (!asked.tellLoser) system.ledger.see('takeover without telling the loser')
  system.assign(partition, winner, asked.tellLoser)
})

/** Also takeovers that come to nothing: it has the partition already. */
const confirm = act('confirm owner', fc.record({ partition: pick, to: pick }), (system, asked) => {
  const { alive, observers } = system
  const member = alive[asked.to % alive.length]
  if (member !== undefined) system.assign(asked.partition % observers.length, member, true)
})

const fates = act(
  'appends fail',
  fc.array(fc.constantFrom<Fate>('refuse', 'lose-reply', 'lose-request', 'late'), { minLength: 1, maxLength: 4 }),
  (system, fates) => {
    system.fates = [...fates]
  },
)

/** As when the log's leader is away: so long that the owner gives up. */
const outage = act(
  'no answer for long',
  fc.constantFrom<Fate>('lose-reply', 'lose-request', 'late'),
  (system, fate) => {
    system.fates = Array.from({ length: 22 }, () => fate)
  },
)

const land = act('late appends', fc.constantFrom(true, true, true, false), (system, doLand) => system.land(doLand))

const poison = act(
  'strange bytes',
  fc.record({ partition: pick, copyOf: fc.option(pick, { nil: null }) }),
  (system, asked) => system.poison(asked.partition % system.observers.length, asked.copyOf),
)

export const troubles: readonly fc.WeightedArbitrary<Act>[] = [
  { weight: 40, arbitrary: advance },
  { weight: 3, arbitrary: back },
  { weight: 4, arbitrary: forward },
  { weight: 2, arbitrary: crash },
  { weight: 1, arbitrary: leave },
  { weight: 2, arbitrary: standStill },
  { weight: 4, arbitrary: takeover },
  { weight: 1, arbitrary: confirm },
  { weight: 6, arbitrary: fates },
  { weight: 1, arbitrary: outage },
  { weight: 3, arbitrary: land },
  { weight: 1, arbitrary: poison },
]
