// Waiting without sleeping: a condition is polled until it holds, or until its deadline.
// No test waits for a fixed time. The only timers are the pauses between two polls.
import { setTimeout as pause } from 'node:timers/promises'

export { pause }

/** Monotonic milliseconds. All logs have this clock. */
export const now = () => performance.now()

/**
 * Polls `condition` until it returns something true, and returns that. An error of the condition
 * counts as "not yet". The last one is named if the deadline passes. timeout and every are in ms.
 * The longer it lasts, the longer are the pauses, so that polling does not take the machine. A pause
 * is a twentieth of the time so far, at most 100 ms, but no less than `every`.
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

/** The value of the promise. After timeout ms an error that says what did not come. */
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
 * Takes a figure that other work on the machine can spoil, and that nothing can improve. It is
 * taken again until it is `good`, but only until there were `times` tries and `patience` ms have
 * passed. A busy machine is busy for a while. Returns the last figure, which the test judges. Each
 * discarded figure is printed, as `shown` puts it.
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
