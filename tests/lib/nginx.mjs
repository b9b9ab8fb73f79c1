// A real nginx in front of a daemon, on a free port of the loopback. All that it writes is in a
// directory of its own.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as processes from './process.mjs'
import { exchange } from './raw.mjs'
import { until, within } from './wait.mjs'

const program = '/usr/sbin/nginx'

/** A reason to skip, or false. */
export const missingNginx = () => (existsSync(program) ? false : 'nginx is not installed')

const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

const configuration = (directory, port, location, http, main, events) => `
${main}
daemon off;
worker_processes 1;
pid ${directory}/pid;
error_log ${directory}/error.log info;
events { ${events} }
http {
  access_log ${directory}/access.log;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${location}
  }
}
`

export class Nginx {
  /**
   * location: what stands in the server block. http: what stands beside it, such as upstreams. main
   * and events: what stands before all blocks, and in the block of that name.
   */
  static async start(location, http = '', { main = '', events = '' } = {}) {
    const nginx = new Nginx()
    nginx.directory = processes.temporaryDirectory('nginx')
    nginx.port = await processes.freePort()
    const file = join(nginx.directory, 'nginx.conf')
    writeFileSync(file, configuration(nginx.directory, nginx.port, location, http, main, events))
    nginx.child = processes.start(program, ['-p', nginx.directory, '-c', file, '-e', join(nginx.directory, 'error.log'), '-g', `user ${process.getuid() ? 'nobody' : 'root'};`], { stdio: 'ignore' })
    const answers = async () => (await exchange(nginx.address, 'GET /up HTTP/1.0\r\n\r\n')).startsWith('HTTP/1.1')
    await until(answers, { what: 'an answer of nginx' })
    return nginx
  }

  get address() {
    return { host: '127.0.0.1', port: this.port }
  }

  url(path) {
    return `http://127.0.0.1:${this.port}${path}`
  }

  get errors() {
    return readFileSync(join(this.directory, 'error.log'), 'utf8')
  }

  async stop() {
    this.child.kill('SIGTERM')
    await within(this.child.exited, 20_000, 'end of nginx')
    processes.removeDirectory(this.directory)
  }
}
