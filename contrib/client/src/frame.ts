// SPDX-License-Identifier: PostgreSQL
/** frame.ts: calls back once a frame, however often it is asked to. */

const hiddenMs = 100 // between two calls where nothing is painted
const plainMs = 16 // outside browsers

/** Calls back before the next frame. Returns what takes that back. */
function nextFrame(call: () => void): () => void {
  const { document, requestAnimationFrame } = globalThis
  if (typeof requestAnimationFrame !== 'function') return timer(call, plainMs)
  if (document.visibilityState === 'hidden') return timer(call, hiddenMs)
  const frame = requestAnimationFrame(call)
  const late = timer(call, hiddenMs) // a page that is hidden meanwhile has no frames
  return () => (cancelAnimationFrame(frame), late())
}

function timer(call: () => void, ms: number): () => void {
  const id = setTimeout(call, ms)
  return () => clearTimeout(id)
}

export class Frame {
  readonly #call: () => void
  #cancel: (() => void) | undefined

  constructor(call: () => void) {
    this.#call = call
  }

  ask(): void {
    this.#cancel ??= nextFrame(() => {
      this.cancel()
      this.#call()
    })
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
