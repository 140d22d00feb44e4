/** Handlers of stories. */
import type { TaskHandler } from '../../../src/index.ts'

export const hello: TaskHandler = () => 'hello'

export const failing: TaskHandler = () => {
  throw new RangeError('too far')
}

/** Runs until it is asked to stop. */
export const obedient: TaskHandler = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** Never ends by itself: each call in its turn when it is let go. */
export function stubborn(): { readonly handler: TaskHandler; readonly letGo: (value?: unknown) => void } {
  const waiting: ((value: unknown) => void)[] = []
  return {
    handler: () => new Promise((resolve) => waiting.push(resolve)),
    letGo: (value = 'let go') => waiting.shift()?.(value),
  }
}
