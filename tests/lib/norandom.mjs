// A generator of random numbers that fails when it is told to (norandom.c).
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('norandom.c', import.meta.url))

/** { env, fail, recover }. env is for the program. fail() and recover() take effect at once. */
export function makeRandomness(directory) {
  const library = join(directory, 'norandom.so'), file = join(directory, 'no-randomness')
  execFileSync('cc', ['-shared', '-fPIC', '-D_GNU_SOURCE', '-o', library, source, '-ldl'])
  return {
    // AddressSanitizer asks to be loaded first. Here it comes second.
    env: { LD_PRELOAD: library, NORANDOM: file, ASAN_OPTIONS: 'verify_asan_link_order=0' },
    fail: () => writeFileSync(file, ''),
    recover: () => rmSync(file, { force: true }),
  }
}
