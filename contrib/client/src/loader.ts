// SPDX-License-Identifier: PostgreSQL
/**
 * loader.ts: gets rows from the application, once more whenever it is asked to. Events that come
 * meanwhile are held, because the rows may be older than they are.
 */
import { Backoff } from './backoff.js'
import { StreamError, type StreamEvent } from './types.js'

export interface LoaderCalls<Row> {
  /** ms within which a new beginning is drawn */
  spread: number
  /** the time has come to begin anew */
  begin(): void
  load: ((signal: AbortSignal) => Promise<readonly Row[]>) | undefined
  /** held: the events since the rows were asked for */
  loaded(rows: readonly Row[], held: StreamEvent[]): void
  failed(error: StreamError): void
}

export class Loader<Row> {
  readonly #calls: LoaderCalls<Row>
  #timer: ReturnType<typeof setTimeout> | undefined
  #loading: AbortController | undefined
  #held: StreamEvent[] = []

  constructor(calls: LoaderCalls<Row>) {
    this.#calls = calls
  }

  get busy(): boolean {
    return this.#loading !== undefined || this.#timer !== undefined
  }

  /** True if the rows will be loaded again, so those that come before that are stale. */
  get waits(): boolean {
    return this.#timer !== undefined
  }

  /** Begins anew after a random time. */
  again(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#calls.begin()
    }, Math.random() * this.#calls.spread)
  }

  hold(event: StreamEvent): void {
    if (this.#loading) this.#held.push(event)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#loading?.abort()
    this.#loading = undefined
    this.#held = []
  }

  /** Asks for the rows until they come. An answer that is on its way counts no more. */
  now(): void {
    this.stop()
    const loading = (this.#loading = new AbortController())
    void this.#run(loading.signal)
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (const backoff = new Backoff(); !signal.aborted; ) {
      this.#held = []
      try {
        const rows = await this.#calls.load!(signal)
        if (signal.aborted) return
        this.#loading = undefined
        return this.#calls.loaded(rows, this.#held.splice(0))
      } catch (error) {
        if (!signal.aborted) this.#calls.failed(new StreamError(`The rows cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, false))
      }
      await new Promise((resolve) => setTimeout(resolve, backoff.next(1000)))
    }
  }
}
