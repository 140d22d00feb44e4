/** Calls a handler on the event loop of this thread. */
import { errorOf, type Outcome, resultOf } from './run-result.ts'
import type { TaskContext, TaskHandler } from './task-registry.ts'

/** Never rejects. */
export async function callHere(handler: TaskHandler, context: TaskContext, payload: unknown): Promise<Outcome> {
  try {
    return resultOf(await handler(context, payload))
  } catch (thrown) {
    return { kind: 'thrown', error: errorOf(thrown) }
  }
}
