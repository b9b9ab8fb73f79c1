// Waiting without sleeping: a condition is polled until it holds or its deadline passes.
// No test waits for a fixed time; the only timers are the pauses between two polls.
import { setTimeout as pause } from 'node:timers/promises'

export { pause }

/** Monotonic milliseconds, the one clock of all logs. */
export const now = () => performance.now()

/**
 * Polls `condition` until it yields something true and returns that. Errors of the condition
 * count as "not yet"; the last one is named when the deadline passes. What lasts is looked at less
 * often, so that looking does not take the machine from it: every twentieth of the time that it has lasted.
 */
export async function until(condition, { timeout = 30_000, every = 15, what = 'the condition' } = {}) {
  const begun = now()
  for (let last; ; ) {
    try {
      const value = await condition()
      if (value) return value
    } catch (error) {
      last = error
    }
    const lasted = now() - begun
    if (lasted > timeout) {
      throw new Error(`not within ${timeout} ms: ${what}${last ? ` (${last.message})` : ''}`)
    }
    await pause(Math.max(every, Math.min(lasted / 20, 100)))
  }
}

/** The promise's value, or an error that says what did not come in time. */
export async function within(promise, timeout, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${timeout} ms: ${what}`)), timeout)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A figure that other work on the machine can spoil, and nothing can improve: taken anew until it is `good`. Three times at least, and then
 * for a minute, for what is busy beside it is so for a while. Returns the last one, for the test to judge. t says which ones were thrown
 * away, as `shown` puts it.
 */
export async function measured(t, take, good, { times = 3, patience = 60_000, shown = String } = {}) {
  const begun = now()
  for (let tries = 1; ; tries++) {
    const figure = await take()
    if (good(figure) || (tries >= times && now() - begun > patience)) return figure
    t.diagnostic(`measured again: ${shown(figure)}`)
    await pause(Math.min(2000, 100 * tries))
  }
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted.length ? sorted[sorted.length >> 1] : NaN
}

export function percentile(numbers, p) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] : NaN
}
