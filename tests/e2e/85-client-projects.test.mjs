// The tarball of the client package in fresh projects, as their tools would have them: Vite with
// React 19, React 18, Next, Vue and Svelte. Each is installed from its lock file, built, and shown
// in Chromium. What the registry does not give is skipped. PROJECTS=no skips all,
// and PROJECTS=all builds Next, too, which takes a minute and a half beside other tests.
// run: long, once
import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { build } from 'esbuild'
import { openBrowser } from '../lib/browser.mjs'
import { clientPath } from '../lib/client.mjs'
import { freePort, removeDirectory, run, start, temporaryDirectory } from '../lib/process.mjs'
import { now, until } from '../lib/wait.mjs'

const patience = 30_000
const projects = fileURLToPath(new URL('../projects', import.meta.url))
const compiler = join(createRequire(import.meta.url).resolve('typescript-newest/package.json'), '../bin/tsc')
const [major, minor] = process.versions.node.split('.').map(Number)
const skip = process.env.PROJECTS === 'no' ? 'PROJECTS=no' : (major < 20 || (major === 20 && minor < 19)) && `Vite and Next need Node 20.19, and this is ${process.version}`
const skipNext = skip || (process.env.PROJECTS !== 'all' && 'it takes long: PROJECTS=all builds it')
const unreachable = /\b(ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|E403|E404|E5\d\d)\b/
const types = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

describe('a project that installs the package', { timeout: 500_000 }, () => {
  const servers = []
  let directory, tarball, browser
  before(async () => {
    if (skip) return
    directory = temporaryDirectory('projects')
    const { code, stdout, stderr } = await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: clientPath, timeout: 60_000 })
    assert.equal(code, 0, stderr)
    tarball = join(directory, stdout.trim())
    browser = await openBrowser()
  })
  after(async () => {
    for (const server of servers) server.close(), server.closeAllConnections()
    await browser?.close()
    if (directory) removeDirectory(directory)
  })

  /** A project with the packages of its lock file and the tarball. Undefined, and a skip, without them. */
  async function install(t, name) {
    const path = join(directory, name), begun = now()
    cpSync(join(projects, name), path, { recursive: true, filter: (from) => !from.includes('node_modules') })
    const args = ['install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=0', '--fetch-timeout=20000', tarball]
    const { code, stderr, signal } = await run('npm', args, { cwd: path, timeout: 90_000 })
    const [why] = unreachable.exec(stderr) ?? (signal ? ['it takes longer than 90 s'] : [])
    if (code !== 0 && why) return t.skip(`npm's registry does not give what ${name} needs: ${why}`)
    assert.equal(code, 0, stderr)
    t.diagnostic(`installed in ${Math.round(now() - begun)} ms`)
    return path
  }

  async function succeeds(path, file, ...args) {
    const { code, stdout, stderr } = await run(process.execPath, [file, ...args], { cwd: path, timeout: 240_000, env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' } })
    assert.equal(code, 0, `${stdout}${stderr}`)
    return stdout
  }
  const vite = (path) => join(path, 'node_modules/vite/bin/vite.js')

  /** Serves the files of a directory until the end. Returns the origin. */
  async function serve(path) {
    const port = await freePort()
    const server = createServer(({ url }, response) => {
      const file = join(path, normalize(url === '/' ? '/index.html' : url))
      response.writeHead(existsSync(file) ? 200 : 404, { 'Content-Type': types[file.split('.').at(-1)] ?? 'text/plain' })
      response.end(existsSync(file) ? readFileSync(file) : '')
    })
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
    servers.push(server)
    return `http://127.0.0.1:${port}`
  }

  /** Opens the page, which must come to say this. act: goes on with the page. */
  async function shows(origin, wanted, act) {
    const page = await (await browser.context()).newPage(), errors = []
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(origin)
    const text = () => page.evaluate(() => document.getElementById('root').innerText.trim())
    const says = (wanted) => until(async () => await text() === wanted, { timeout: patience, what: wanted }).catch(async (error) => { throw new Error(`${error.message}: ${await text()} ${errors}`) })
    await says(wanted)
    await act?.(page, says)
    assert.deepEqual(errors, [])
    await page.context().close()
  }

  async function builtShows(path, wanted) {
    await succeeds(path, vite(path), 'build', '--logLevel', 'warn')
    await shows(await serve(join(path, 'dist')), wanted)
  }

  test('Vite and React 19: it compiles and builds, and Fast Refresh keeps the state and the connection', { skip }, async (t) => {
    const path = await install(t, 'react')
    if (!path) return
    await succeeds(path, compiler)
    await builtShows(path, 'before 0 ready 1:new')
    const port = await freePort(), origin = `http://127.0.0.1:${port}`
    const dev = start(process.execPath, [vite(path), '--host', '127.0.0.1', '--port', String(port), '--strictPort'], { cwd: path, stdio: 'ignore' })
    t.after(() => dev.kill('SIGKILL'))
    await until(async () => (await fetch(origin)).ok, { timeout: patience, what: 'the server of Vite' })
    await shows(origin, 'before 0 ready 1:new', async (page, says) => {
      await page.click('button')
      await page.evaluate(() => server.event('orders.insert', { op: 'insert', key: { id: 2 }, row: { id: 2, status: 'new' }, old: null, changed: [] }))
      await says('before 1 ready 1:new,2:new')
      const file = join(path, 'src/App.tsx')
      writeFileSync(file, readFileSync(file, 'utf8').replace('>before', '>after'))
      await says('after 1 ready 1:new,2:new')
      await page.evaluate(() => server.event('orders.insert', { op: 'insert', key: { id: 3 }, row: { id: 3, status: 'new' }, old: null, changed: [] }))
      await says('after 1 ready 1:new,2:new,3:new')
      assert.deepEqual(await page.evaluate(() => [server.requests.length, server.open]), [1, 1])
    })
  })

  test('React 18: the same component compiles, and shows the same with one connection', { skip }, async (t) => {
    const path = await install(t, 'react-18')
    if (!path) return
    for (const name of ['src', 'tsconfig.json', 'index.html']) cpSync(join(projects, 'react', name), join(path, name), { recursive: true })
    await succeeds(path, compiler)
    await build({ entryPoints: [join(path, 'src/main.tsx')], outfile: join(path, 'src/main.js'), bundle: true, format: 'esm', jsx: 'automatic', define: { 'process.env.NODE_ENV': '"development"' } })
    writeFileSync(join(path, 'index.html'), readFileSync(join(path, 'index.html'), 'utf8').replace('main.tsx', 'main.js'))
    await shows(await serve(path), 'before 0 ready 1:new', async (page) => assert.deepEqual(await page.evaluate(() => [window.server.requests.length, window.server.open]), [1, 1]))
  })

  test('Next: components of the server and of the browser are built and rendered', { skip: skipNext }, async (t) => {
    const path = await install(t, 'next')
    if (!path) return
    await succeeds(path, join(path, 'node_modules/next/dist/bin/next'), 'build')
    const page = (name) => readFileSync(join(path, `.next/server/app/${name}.html`), 'utf8').replaceAll('<!-- -->', '')
    assert.match(page('index'), /<p>function no<\/p>/)
    assert.match(page('client'), /<p>loading 0<\/p>/)
    assert.match(page('bare'), /<p>inside<\/p>/)
  })

  for (const name of ['vue', 'svelte']) {
    test(`${name === 'vue' ? 'Vue' : 'Svelte'}: a component is built, and shows the rows`, { skip }, async (t) => {
      const path = await install(t, name)
      if (path) await builtShows(path, 'ready 12')
    })
  }
})
