/** Defines a test for each story: the same events on every log (I13). */
import { expect, test } from 'vitest'
import { type Place, play } from './play.ts'
import type { Story } from './story.ts'

/** Each time another log. */
export type FreshPlace = () => Promise<Place> | Place

/** Longer than the facts of a story are waited for: those that don't come are better named than timed out. */
const TIMEOUT_MS = 60_000

/** What each story is in memory is what it must be in these places, by name. */
export function sameStories(stories: readonly Story[], places: Readonly<Record<string, FreshPlace>>): void {
  test.for(stories)('$name', { timeout: TIMEOUT_MS }, async (story) => {
    const { facts, ...reference } = await play(story, { log: 'memory:' }, [])
    const types = new Set(Object.values(reference.events).flatMap((events) => events.map(typeOf)))
    expect([...types]).toEqual(expect.arrayContaining([...story.shows]))
    for (const [name, freshPlace] of Object.entries(places)) {
      const { facts: _facts, ...played } = await play(story, await freshPlace(), facts)
      expect(played, `on ${name} as in memory`).toEqual(reference)
    }
  })
}

function typeOf(event: unknown): string {
  return (event as { readonly type: string }).type
}
