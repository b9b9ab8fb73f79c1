// SPDX-License-Identifier: PostgreSQL
/** listeners.ts: who is told of an event: callbacks, handlers by name, and loops. */
import type { StreamEvent, StreamOptions } from './types.js'

type Call = (data: any, event: StreamEvent) => void

export const controls: ReadonlySet<string> = new Set(['left', 'bulk', 'schema', 'snapshot', 'ready'])

/** What came since the loop has asked, and how it is woken. */
interface Loop {
  events: StreamEvent[]
  over: boolean
  error?: Error
  wake(): void
}

function push(loop: Loop, event: StreamEvent): void {
  loop.events.push(event)
  loop.wake()
}

export class Listeners {
  readonly #options: StreamOptions
  readonly #handlers = new Map<string, Set<Call>>()
  readonly #call: (callback: () => void) => void
  readonly #loops = new Set<Loop>()

  /** call: runs a callback of the application. */
  constructor(options: StreamOptions, call: (callback: () => void) => void) {
    this.#options = options
    this.#call = call
    for (const [name, handler] of Object.entries(options.on ?? {})) if (handler) this.on(name, handler as Call)
  }

  /** Tells each event of this name. The function that it returns ends that. */
  on(name: string, handler: Call): () => void {
    const entry: Call = (data, event) => handler(data, event)
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers.add(entry))
    return () => void handlers.delete(entry)
  }

  tell(event: StreamEvent): void {
    const { onControl, onEvent } = this.#options
    const all = onControl && controls.has(event.event) ? onControl : onEvent
    if (all) this.#call(() => all(event as never))
    for (const handler of this.#handlers.get(event.event) ?? []) this.#call(() => handler(event.data, event))
    for (const loop of this.#loops) push(loop, event)
  }

  reset(reason: string): void {
    this.#call(() => this.#options.onReset?.(reason))
    for (const loop of this.#loops) push(loop, { id: '', event: 'reset', data: { reason } })
  }

  /** Ends the loops, with an error if there is one. */
  end(error?: Error): void {
    for (const loop of this.#loops) {
      Object.assign(loop, { error, over: true })
      loop.wake()
    }
  }

  /** Yields what comes. left: called when the loop is left. */
  async *loop(left: () => void): AsyncGenerator<StreamEvent, undefined> {
    const loop: Loop = { events: [], over: false, wake: () => {} }
    this.#loops.add(loop)
    try {
      for (;;) {
        const event = loop.events.shift()
        if (event) yield event
        else if (loop.error) throw loop.error
        else if (loop.over) return
        else await new Promise<void>((resolve) => (loop.wake = resolve))
      }
    } finally {
      this.#loops.delete(loop)
      left()
    }
  }
}
