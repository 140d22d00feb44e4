/** Defines a test for each story: the same events on every log (I13). */
import { expect, test } from 'vitest'
import { type Place, play } from './play.ts'
import type { Story } from './story.ts'

/** Each time another log. */
export type FreshPlace = () => Promise<Place> | Place

/** What the story is in memory is what it must be in these places, by name. */
export function sameStory(story: Story, places: Readonly<Record<string, FreshPlace>>): void {
  test(story.name, async () => {
    const reference = await play(story, { log: 'memory:' }, null)
    const types = new Set(Object.values(reference.events).flatMap((events) => events.map(typeOf)))
    expect([...types]).toEqual(expect.arrayContaining([...story.shows]))
    const { facts: _reference, ...expected } = reference
    for (const [name, freshPlace] of Object.entries(places)) {
      const { facts: _facts, ...played } = await play(story, await freshPlace(), reference)
      expect(played, `on ${name} as in memory`).toEqual(expected)
    }
  })
}

function typeOf(event: unknown): string {
  return (event as { readonly type: string }).type
}
