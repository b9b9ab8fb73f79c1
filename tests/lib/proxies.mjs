// The proxies of contrib/proxy, each with its committed file. Only ports and places are others: all
// that a proxy writes is in a directory of its own, and all its ports are free ones.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './daemon.mjs'
import * as processes from './process.mjs'
import { exchange } from './raw.mjs'
import { makeCertificate } from './tls.mjs'
import { until, within } from './wait.mjs'

/** The name that stands in the files. */
export const host = 'example.com'

// prepare() puts the changed text where the proxy looks for it. It returns the commands that check
// and run it, and their environment.
const kinds = {
  nginx: {
    file: 'nginx.conf', program: '/usr/sbin/nginx',
    prepare({ directory, text }) {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`)
      const file = join(directory, 'nginx.conf')
      writeFileSync(file, text.replace('user www-data;', 'user root;').replaceAll(/\/run\/|\/var\/log\/nginx\//g, `${directory}/`).replace('http {', `http { ${temporary.join(' ')}`))
      const args = ['-p', directory, '-e', join(directory, 'error.log'), '-c', file]
      return { check: ['/usr/sbin/nginx', ['-t', ...args]], run: ['/usr/sbin/nginx', [...args, '-g', 'daemon off;']] }
    },
  },

  haproxy: {
    file: 'haproxy.cfg', program: '/usr/sbin/haproxy',
    prepare({ directory, text }) {
      const file = join(directory, 'haproxy.cfg')
      const own = process.getuid() ? text.replace(/^ *(user|group|chroot) .*\n/gm, '') : text
      writeFileSync(file, own.replace('log /dev/log local0', 'log stdout format raw local0'))
      return { check: ['/usr/sbin/haproxy', ['-c', '-f', file]], run: ['/usr/sbin/haproxy', ['-db', '-f', file]] }
    },
  },

  caddy: {
    file: 'Caddyfile', program: '/usr/bin/caddy',
    prepare({ directory, text }) {
      const file = join(directory, 'Caddyfile')
      writeFileSync(file, text)
      const args = ['--adapter', 'caddyfile', '--config', file]
      return { check: ['/usr/bin/caddy', ['validate', ...args]], run: ['/usr/bin/caddy', ['run', ...args]], env: { HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory } }
    },
  },

  // Debian's own configuration with this site, made by the commands that stand in the file.
  apache: {
    file: 'apache.conf', program: '/usr/sbin/apache2',
    async prepare({ directory, text, ports }) {
      const etc = join(directory, 'etc')
      cpSync('/etc/apache2', etc, { recursive: true, verbatimSymlinks: true })
      for (const name of readdirSync(join(etc, 'sites-enabled'))) rmSync(join(etc, 'sites-enabled', name))
      writeFileSync(join(etc, 'ports.conf'), `Listen 127.0.0.1:${ports[80]}\nListen 127.0.0.1:${ports[443]}\n`)
      writeFileSync(join(etc, 'envvars'), readFileSync(join(etc, 'envvars'), 'utf8').replaceAll(/(\/var)?\/(run\/lock|run|lock|log)\/apache2\$SUFFIX/g, directory))
      writeFileSync(join(etc, 'sites-available/pgherald.conf'), text)
      const env = { APACHE_CONFDIR: etc, APACHE_STATE_DIRECTORY: join(directory, 'state') }
      for (const [, command] of text.matchAll(/^# {3}(a2en\w+ .*)$/gm)) {
        const [name, ...args] = command.split(' ')
        const { code, stderr } = await processes.run(`/usr/sbin/${name}`, ['-q', ...args], { env: { ...process.env, ...env } })
        if (code !== 0) throw new Error(`${command}: ${stderr}`)
      }
      // What apachectl does. On Debian 13 that also gives a directory to another user.
      const apache = (...args) => ['/bin/sh', ['-c', '. "$APACHE_CONFDIR/envvars" && exec /usr/sbin/apache2 -d "$APACHE_CONFDIR" "$@"', 'apache', ...args]]
      return { check: apache('-t'), run: apache('-D', 'FOREGROUND'), env }
    },
  },
}

export const names = Object.keys(kinds)

/** A reason to skip, or false. */
export const missingProxy = (name) => (existsSync(kinds[name].program) ? false : `${kinds[name].program} is not installed`)

export const textOf = (name) => readFileSync(join(repository, 'contrib/proxy', kinds[name]?.file ?? `${name}.yml`), 'utf8')

const certificates = { '/etc/ssl/certs/example.com.pem': 'cert.pem', '/etc/ssl/private/example.com.key': 'key.pem', '/etc/ssl/private/example.com.pem': 'both.pem' }

/** The text with these ports in the place of its own ones. ports: { 443: 16123, … } */
function replacePorts(text, ports) {
  const pattern = new RegExp(`(?<=^[^#\\n]*[ :])(${Object.keys(ports).join('|')})(?![\\d.])`, 'gm')
  return text.replaceAll(pattern, (port) => ports[port])
}

export class FrontProxy {
  /**
   * Starts the proxy of that name. application, daemons: where requests go; a daemon is
   * { port, adminPort }. change: what else is done to the committed text. Fails if the proxy's own
   * checker does not like the file.
   */
  static async start(name, { application, daemons, change = (text) => text }) {
    const proxy = new FrontProxy()
    const directory = processes.temporaryDirectory(name)
    Object.assign(proxy, { name, directory, output: '' })
    const certificate = await makeCertificate(directory, [host])
    proxy.ca = readFileSync(certificate.cert)
    writeFileSync(join(directory, 'both.pem'), Buffer.concat([proxy.ca, readFileSync(certificate.key)]))
    const ports = (proxy.ports = { 3000: application })
    daemons.forEach(({ port, adminPort }, index) => Object.assign(ports, { [8000 + 2 * index]: port, [8001 + 2 * index]: adminPort }))
    for (const port of [80, 443, 2019, 8009]) ports[port] = await processes.freePort()
    const text = Object.entries(certificates).reduce((text, [from, to]) => text.replaceAll(from, join(directory, to)), replacePorts(change(textOf(name)), ports))
    const { check, run, env } = await kinds[name].prepare({ directory, text, ports })
    proxy.options = { env: { ...process.env, ...env }, cwd: directory }
    const { code, stdout, stderr } = await processes.run(...check, proxy.options)
    if (code !== 0) throw new Error(`${[check[0], ...check[1]].join(' ')}: ${stdout}${stderr}`)
    proxy.child = processes.start(...run, { ...proxy.options, death: 'SIGTERM', stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [proxy.child.stdout, proxy.child.stderr]) stream.on('data', (chunk) => (proxy.output += chunk))
    const answers = async () => proxy.child.exitCode !== null || (await exchange({ host: '127.0.0.1', port: ports[80] }, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).startsWith('HTTP/1.1 30')
    await until(answers, { what: `an answer of ${name}` }).catch((error) => { throw new Error(`${error.message}: ${proxy.output}`) })
    if (proxy.child.exitCode !== null) throw new Error(`${name} ended at once: ${proxy.output}`)
    return proxy
  }

  /** The origin of pages, as a browser sees it. */
  get origin() {
    return `https://${host}:${this.ports[443]}`
  }

  async stop() {
    this.child.kill('SIGTERM')
    await within(this.child.exited, 20_000, `end of ${this.name}`)
    processes.removeDirectory(this.directory)
  }
}
