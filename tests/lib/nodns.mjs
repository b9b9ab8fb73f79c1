// A DNS that does not answer, or that says what the test wants (nodns.c).
import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('nodns.c', import.meta.url))

/**
 * { env, set }. env is for the program. set({ name: 'address address' | 'hangs' | 'gone' }) takes
 * effect at once.
 */
export function makeDns(directory, names) {
  const library = join(directory, 'nodns.so'), file = join(directory, 'names')
  execFileSync('cc', ['-shared', '-fPIC', '-D_GNU_SOURCE', '-o', library, source, '-ldl'])
  const set = (now) => {
    writeFileSync(`${file}.new`, Object.entries(now).map((line) => `${line.join(' ')}\n`).join(''))
    renameSync(`${file}.new`, file)
  }
  set(names)
  // AddressSanitizer asks to be loaded first. Here it comes second.
  return { env: { LD_PRELOAD: library, NODNS: file, ASAN_OPTIONS: 'verify_asan_link_order=0' }, set }
}
