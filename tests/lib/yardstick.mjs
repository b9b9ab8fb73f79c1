// How slow is the machine just now? What a page or a process is to do within a time is a promise
// for a machine that is free. On one that is busy, or slow, the time is that much longer.

/** What the piece takes on the machine that the figures of the documents are from, when it is free. */
const usualMs = 150

/** Milliseconds that a piece of work takes which no change of pgherald can alter. */
function piece() {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, n: id, status: 'open' })))
  const begun = performance.now()
  for (let n = 0; n < 24; n++) new Map(JSON.parse(text).map((row) => [row.id, row]))
  return performance.now() - begun
}

/**
 * Calls `take` between two looks at the machine, and returns its figures with `slow`: how many times
 * longer than usual the piece took, 1 at least.
 */
export async function besideYardstick(take) {
  const before = piece()
  const figures = await take()
  const slow = Math.max(1, before / usualMs, piece() / usualMs)
  return { ...figures, slow: Math.round(slow * 10) / 10 }
}
