/**
 * The messages of one call between this process and the worker that has it: a port of its own for a thread, the channel
 * of the child for a process.
 *
 * Invariant: what is sent before the worker has the call waits for that; a child would not know whom it is for.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import type { RunIn } from './task-registry.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** What the pool package is given with the call. */
interface RunOptions {
  readonly transferList?: Transferable[]
  readonly channel?: {
    readonly onMessage: (send: (message: ToWorker) => void) => void
    readonly postMessage: (message: FromWorker) => void
  }
}

export interface WorkerLink {
  readonly runOptions: RunOptions
  /** The worker's end; null where the worker has one already. */
  readonly port: MessagePort | null
  readonly send: (message: ToWorker) => void
  /** After the result: takes what came before it, and lets go. */
  readonly close: () => void
}

export function openLink(runIn: RunIn, receive: (message: FromWorker) => void): WorkerLink {
  return runIn === 'worker' ? portLink(receive) : channelLink(receive)
}

function portLink(receive: (message: FromWorker) => void): WorkerLink {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', receive)
  // The call itself keeps the process alive.
  port1.unref()
  return {
    runOptions: { transferList: [port2] },
    port: port2,
    send: (message) => port1.postMessage(message),
    close: () => {
      for (let got = receiveMessageOnPort(port1); got !== undefined; got = receiveMessageOnPort(port1)) {
        receive(got.message as FromWorker)
      }
      port1.close()
    },
  }
}

function channelLink(receive: (message: FromWorker) => void): WorkerLink {
  let toWorker: ((message: ToWorker) => void) | null = null
  let begun = false
  const early: ToWorker[] = []
  return {
    runOptions: {
      channel: {
        onMessage: (send) => {
          toWorker = send
        },
        postMessage: (message) => {
          if (!begun && message.type === 'begun') {
            begun = true
            for (const one of early) toWorker?.(one)
          }
          receive(message)
        },
      },
    },
    port: null,
    send: (message) => {
      if (begun) toWorker?.(message)
      else early.push(message)
    },
    close: () => {
      toWorker = null
    },
  }
}
