// The program at a terminal. It is a pseudoterminal of script(1), which Debian always has.
import { environment } from './cluster.mjs'
import { program } from './daemon.mjs'
import * as processes from './process.mjs'

const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`

/**
 * Runs a command of the program to its end: { code, output }. `input` is what is typed. Stdout and
 * stderr are one there.
 */
export async function onTerminal(args, { columns = 80, env = {}, input = '', timeout = 60_000 } = {}) {
  const command = `stty cols ${columns} -echo; exec ${[program, ...args].map(quoted).join(' ')}`
  const { code, stdout } = await processes.run('script', ['-qec', command, '/dev/null'], { env: { ...environment(), TERM: 'xterm', ...env }, input, timeout })
  return { code, output: stdout }
}
