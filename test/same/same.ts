/** Defines a test for each story: the same events on every log (I13). */
import { expect, test } from 'vitest'
import { play } from './play.ts'
import type { Story } from './story.ts'

/** Each time another log; the first, in memory, is what the others are compared with. */
export type FreshLog = () => Promise<string> | string

export function sameStory(story: Story, logs: Readonly<Record<string, FreshLog>>): void {
  test(story.name, async () => {
    const reference = await play(story, 'memory:', null)
    const types = new Set(Object.values(reference.events).flatMap((events) => events.map(typeOf)))
    expect([...types]).toEqual(expect.arrayContaining([...story.shows]))
    for (const [name, freshLog] of Object.entries(logs)) {
      const { facts: _facts, ...played } = await play(story, await freshLog(), reference)
      const { facts: _reference, ...expected } = reference
      expect(played, `on ${name} as in memory`).toEqual(expected)
    }
  })
}

function typeOf(event: unknown): string {
  return (event as { readonly type: string }).type
}
