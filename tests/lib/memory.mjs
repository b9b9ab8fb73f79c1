// What is in a process: its memory, and what /proc shows of it. Only root may look into a process
// that forbids it.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

export const mayLook = () => process.getuid() === 0

/**
 * How often each of these runs of bytes stands in memory that the process can write. The stack is
 * left out. There the dynamic linker saves vector registers, with what memcpy had in them last,
 * until other calls overwrite it.
 */
export function countInMemory(pid, needles) {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const counts = needles.map(() => 0)
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      if (!from || line.endsWith('[stack]')) continue
      const bytes = readRange(memory, parseInt(from, 16), parseInt(to, 16))
      for (const [at, needle] of needles.entries()) counts[at] += countIn(bytes, needle)
    }
  } finally {
    closeSync(memory)
  }
  return counts
}

function readRange(memory, from, to) {
  const bytes = Buffer.alloc(to - from)
  try {
    return bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, from))
  } catch {
    return bytes.subarray(0, 0) // [vvar] and the like
  }
}

function countIn(haystack, needle) {
  let count = 0
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) count++
  return count
}

/** What /proc shows of a process: { cmdline, environ }. */
export function shown(pid) {
  const read = (name) => readFileSync(`/proc/${pid}/${name}`, 'latin1')
  return { cmdline: read('cmdline'), environ: read('environ') }
}
