// A wall clock and a disk that a test sets (nuisance.c).
import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeDirectory, temporaryDirectory } from '../lib/process.mjs'

const source = fileURLToPath(new URL('nuisance.c', import.meta.url))

export class Nuisance {
  constructor() {
    this.directory = temporaryDirectory('nuisance')
    chmodSync(this.directory, 0o755) // the server, another user, loads the library
    const library = join(this.directory, 'nuisance.so'), file = join(this.directory, 'said')
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-D_GNU_SOURCE', '-o', library, source, '-ldl'])
    writeFileSync(file, Buffer.alloc(16))
    chmodSync(file, 0o644)
    this.file = openSync(file, 'r+')
    this.env = { LD_PRELOAD: library, NUISANCE: file }
  }

  /** So many seconds are added to the wall clock, at once. full: 'base' or 'wal', or nothing. */
  say({ seconds = 0, full } = {}) {
    const bytes = Buffer.alloc(16)
    bytes.writeBigInt64LE(BigInt(seconds), 0)
    bytes.writeBigInt64LE(BigInt(full ? ['base', 'wal'].indexOf(full) + 1 : 0), 8)
    writeSync(this.file, bytes, 0, 16, 0)
  }

  /** Whatever `start` starts has them. */
  async around(start) {
    Object.assign(process.env, this.env)
    try {
      return await start()
    } finally {
      for (const name of Object.keys(this.env)) delete process.env[name]
    }
  }

  close() {
    closeSync(this.file)
    removeDirectory(this.directory)
  }
}
