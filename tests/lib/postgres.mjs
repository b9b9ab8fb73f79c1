// Chooses the PostgreSQL that the tests use. Nothing else in them does.
//   PG_BIN=/path/bin   the directory of postgres and initdb
//   PG=17              Debian's server of that version, else npm's, which it installs (npm-server.mjs)
//   neither            the newest that is installed
// node postgres.mjs            prints the directory
// node postgres.mjs PROGRAM    prints where a client program is, such as psql
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installServer, npmServer } from './npm-server.mjs'

const debian = '/usr/lib/postgresql'
const debianBin = (major) => join(debian, String(major), 'bin')
const has = (directory, program) => existsSync(join(directory, program))

/** Keeps the answers of find(). Nothing here changes while a program runs. */
function kept(find) {
  const answers = new Map()
  return (key) => {
    if (!answers.has(key)) answers.set(key, find(key))
    return answers.get(key)
  }
}

/** The directory of postgres and initdb. */
export const serverDirectory = kept(() => {
  const { PG_BIN: named, PG: major } = process.env
  if (named) return withServer(resolve(named), `PG_BIN=${named}`) // absolute, since initdb and postgres start elsewhere
  if (major) return serverOf(major)
  const found = installed().find((directory) => has(directory, 'postgres'))
  if (!found) throw new Error('There is no PostgreSQL server: install the package postgresql, or set PG=17 or PG_BIN=/path/bin')
  return found
})

/** The directory of a server of this major version. undefined if it is not installed. */
export const directoryOf = (major) => [debianBin(major), npmServer(major)].find((directory) => has(directory, 'postgres'))

function serverOf(major) {
  if (!directoryOf(major)) installServer(major)
  return withServer(directoryOf(major), `PG=${major}`)
}

function withServer(directory, wish) {
  for (const program of ['postgres', 'initdb']) {
    if (!has(directory, program)) throw new Error(`${wish}: there is no ${program} in ${directory}`)
  }
  return directory
}

/** The directories where programs of PostgreSQL may be, the newest first. */
const installed = kept(() => {
  const majors = existsSync(debian) ? readdirSync(debian).map(Number).filter(Boolean).sort((a, b) => b - a) : []
  return [...majors.map(debianBin), ...configured(), ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)]
})

function configured() {
  try {
    return [execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()]
  } catch {
    return [] // no pg_config
  }
}

/** The path of a client program: the server's own, else the newest. npm's servers have none. */
export const clientProgram = kept((name) => {
  const found = [serverDirectory(), ...installed()].find((directory) => has(directory, name))
  if (!found) throw new Error(`There is no ${name}: install the package postgresql-client`)
  return join(found, name)
})

/** The major version of a program by its path. */
export const majorOf = kept((path) => Number(/\(PostgreSQL\) (\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))[1]))

export const serverMajor = () => majorOf(join(serverDirectory(), 'postgres'))

/** Why a test cannot use the program with this server, for its `skip`. false if it can. */
export function tooOld(name) {
  const [client, server] = [majorOf(clientProgram(name)), serverMajor()]
  return client < server && `${name} ${client} refuses a server ${server}`
}

/** Fails if the user postgres cannot run the server, which does not run as root. */
function reachable(directory) {
  const as = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--']
  if (process.getuid() !== 0 || spawnSync('setpriv', [...as, 'test', '-x', join(directory, 'postgres')]).status === 0) return directory
  throw new Error(`User postgres cannot run ${directory}/postgres: let it into these directories, or name another place for npm's servers by PG_SERVERS`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(process.argv[2] ? clientProgram(process.argv[2]) : reachable(serverDirectory()))
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
