// SPDX-License-Identifier: PostgreSQL
/** listeners.ts: who is told of an event: callbacks, handlers by name, and loops. */
import type { StreamEvent, StreamOptions } from './types.js'

type Call = (data: any, event: StreamEvent) => void

export const controls: ReadonlySet<string> = new Set(['left', 'bulk', 'schema', 'snapshot', 'ready'])

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
    for (const loop of this.#loops) loop.push(event)
  }

  reset(reason: string): void {
    this.#call(() => this.#options.onReset?.(reason))
    for (const loop of this.#loops) loop.push({ id: '', event: 'reset', data: { reason } })
  }

  /** Ends the loops, with an error if there is one. */
  end(error?: Error): void {
    for (const loop of this.#loops) loop.end(error)
    this.#loops.clear()
  }

  /** left: called when a loop is left. */
  loop(left: () => void): AsyncIterableIterator<StreamEvent> {
    const loop = new Loop(() => (this.#loops.delete(loop), left()))
    this.#loops.add(loop)
    return loop
  }
}

type Result = IteratorResult<StreamEvent, undefined>

/** Keeps events until the loop asks for them. */
class Loop implements AsyncIterableIterator<StreamEvent> {
  readonly #left: () => void
  readonly #events: StreamEvent[] = []
  readonly #asked: { resolve: (result: Result) => void; reject: (error: Error) => void }[] = []
  #over: { error: Error | undefined } | undefined

  constructor(left: () => void) {
    this.#left = left
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    const event = this.#events.shift()
    if (event) return Promise.resolve({ value: event, done: false })
    const over = this.#over
    if (!over) return new Promise((resolve, reject) => void this.#asked.push({ resolve, reject }))
    this.#over = { error: undefined } // an error is thrown once
    return over.error ? Promise.reject(over.error) : Promise.resolve({ value: undefined, done: true })
  }

  return(): Promise<Result> {
    this.end()
    this.#left()
    return Promise.resolve({ value: undefined, done: true })
  }

  push(event: StreamEvent): void {
    const asked = this.#asked.shift()
    if (asked) asked.resolve({ value: event, done: false })
    else this.#events.push(event)
  }

  end(error?: Error): void {
    this.#over ??= { error }
    for (const { resolve, reject } of this.#asked.splice(0)) {
      if (this.#over.error) reject(this.#over.error)
      else resolve({ value: undefined, done: true })
      this.#over = { error: undefined }
    }
  }
}
