// The client package: its modules and streams for Node, and a server of pages that use it. Pages
// that want React get it.
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { webcrypto } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, run } from './process.mjs'
import { until } from './wait.mjs'

globalThis.crypto ??= webcrypto // not global in Node 18

export const clientPath = fileURLToPath(new URL('../../contrib/client', import.meta.url))

/** A module of the package. */
export const client = (name) => import(`../../contrib/client/dist/${name}.js`)

const { connect } = await client('index')
const patience = 30_000

/**
 * Streams of the package in Node, each with all that it tells. endAll() ends what a test that fails
 * has left open.
 */
export class Streams {
  opened = []

  open = (options) => {
    const got = { events: [], resets: [], states: [], errors: [] }
    got.stream = connect({
      backoff: { min: 50, max: 400 }, onEvent: (event) => got.events.push(event), onReset: (reason) => got.resets.push(reason),
      onState: (state) => got.states.push(state), onError: (error) => got.errors.push(error), ...options,
    })
    this.opened.push(got.stream)
    got.is = (state) => until(() => got.stream.state === state, { timeout: patience, what: `${state}: ${got.states} ${got.errors.map(({ message }) => message)}` })
    got.has = (count, of = got.events) => until(() => of.length >= count, { timeout: patience, what: `${count}, not ${of.length}` })
    return got
  }

  endAll = async () => {
    for (const it of this.opened.splice(0)) await it.close()
  }
}

/** Compiles the package into a directory. */
export async function compileClient(directory) {
  const { code, stdout, stderr } = await run(process.execPath, [join(clientPath, 'build.mjs'), directory], { timeout: 240_000 })
  if (code !== 0) throw new Error(`the client does not compile:\n${stdout}${stderr}`)
}

// React comes as CommonJS. These are a loader for it, and the modules that pages import.
const parts = { react: 'react/cjs/react.development.js', scheduler: 'scheduler/cjs/scheduler.development.js', 'react-dom': 'react-dom/cjs/react-dom.development.js', 'react-dom/client': 'react-dom/cjs/react-dom-client.development.js' }

function commonModules() {
  const source = (path) => readFileSync(join(clientPath, 'node_modules', path), 'utf8')
  const makers = Object.entries(parts).map(([name, path]) => `${JSON.stringify(name)}: function (module, exports, require) {${source(path)}\n}`)
  return `const process = { env: { NODE_ENV: 'development' } }, made = {}, makers = {${makers.join(',\n')}}
    export function load(name) {
      if (!made[name]) makers[name](made[name] = { exports: {} }, made[name].exports, load)
      return made[name].exports
    }`
}

function facade(name) {
  const names = Object.keys(createRequire(join(clientPath, 'package.json'))(name)).filter((it) => /^[a-z]\w*$/i.test(it))
  return `import { load } from '/common.js'\nconst it = load('${name}')\nexport default it\nexport const { ${names.join(', ')} } = it`
}

const html = `<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="importmap">
  { "imports": { "react": "/react.js", "react-dom/client": "/react-dom-client.js", "@pgherald/client": "/dist/index.js",
    "@pgherald/client/react": "/dist/react.js", "@pgherald/client/testing": "/dist/testing.js", "@pgherald/client/example": "/dist/example.js" } }</script><div id="root"></div>`

function answer(url) {
  if (url === '/common.js') return commonModules()
  if (url === '/react.js') return facade('react')
  if (url === '/react-dom-client.js') return facade('react-dom/client')
  const file = /^\/dist\/\w+\.js$/.test(url) && join(clientPath, url)
  return file ? readFileSync(file) : undefined
}

/** Serves empty pages that may import the package: { origin, close() }. */
export async function serveClient() {
  const port = await freePort()
  const server = createServer(({ url }, response) => {
    const script = answer(url)
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html')
    response.setHeader('Access-Control-Allow-Origin', '*') // frames in a sandbox have no origin
    response.end(script ?? html)
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) }
}

/**
 * A process that serves so many rows, and changes them (flood.mjs): { url, send(word), stop() }. The
 * times that a test takes are the client's own. It ends with this process, and does not keep it.
 */
export async function openFlood(count) {
  const child = fork(new URL('./flood.mjs', import.meta.url), [String(count)])
  const port = await new Promise((resolve) => child.once('message', resolve))
  child.unref()
  child.channel.unref()
  return { url: `http://127.0.0.1:${port}/rows`, send: (word) => child.send(word), stop: () => child.kill() }
}
