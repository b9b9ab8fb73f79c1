// A real browser, Debian's Chromium, driven by playwright-core, and a server of pages for it.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import * as processes from './process.mjs'
import { until, within } from './wait.mjs'

const path = process.env.CHROMIUM ?? '/usr/bin/chromium'
const args = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0']

/**
 * Starts Chromium: { page(url), context(), close() }. The browser is a child of the test, and dies
 * with it. A context has cookies and tabs of its own.
 */
export async function openBrowser() {
  const directory = processes.temporaryDirectory('browser')
  const child = processes.start(path, [...args, `--user-data-dir=${directory}`, 'about:blank'],
    { env: { ...process.env, TMPDIR: directory }, stdio: ['ignore', 'ignore', 'pipe'] }) // what it leaves goes with its profile
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  const listens = () => /DevTools listening on (ws:\S+)/.exec(said) ?? (child.exitCode !== null && ['', ''])
  const [, address] = await until(listens, { timeout: 60_000, what: `Chromium (${path})` })
  if (!address) throw new Error(`${path} has ended: ${said.slice(-1000)}`)
  const browser = await chromium.connectOverCDP(address)
  let closing = false
  // Playwright would wait for ever for a browser that is gone. An uncaught error fails the test
  // that runs.
  child.exited.then(({ code, signal }) => {
    if (!closing) setImmediate(() => { throw new Error(`Chromium has ended by itself (${signal ?? code}): ${said.slice(-2000)}`) })
  })
  return {
    async page(url) {
      const page = await browser.newPage()
      await page.goto(url)
      return page
    },
    /**
     * Pages that share cookies, locks and channels, as the tabs of one user do: playwright's
     * { newPage(), close(), … }.
     */
    context: () => browser.newContext(),
    async close() {
      closing = true
      await within(browser.close(), 10_000, 'a word of farewell').catch(() => {})
      child.kill('SIGTERM')
      await within(child.exited, 5000, 'the end of Chromium').catch(() => child.kill('SIGKILL'))
      await child.exited
      try {
        processes.removeDirectory(directory)
      } catch {
        // Its helpers live a little longer, and still write. The directory goes when this process
        // ends.
      }
    },
  }
}

/**
 * The processes of renderers, that of the page first as a rule: it has worked most while the page
 * did. On a busy machine another one may.
 */
export async function renderersOf(page) {
  const session = await page.context().browser().newBrowserCDPSession()
  const times = async () => (await session.send('SystemInfo.getProcessInfo')).processInfo.filter(({ type }) => type === 'renderer')
  const before = new Map((await times()).map(({ id, cpuTime }) => [id, cpuTime]))
  await page.evaluate(() => { for (const end = performance.now() + 300; performance.now() < end; ); })
  const worked = ({ id, cpuTime }) => cpuTime - (before.get(id) ?? 0)
  const sorted = (await times()).sort((a, b) => worked(b) - worked(a))
  await session.detach()
  return sorted.map(({ id }) => id)
}

/**
 * Serves an empty page at /, and the scripts of a directory, which it may import.
 * Returns { origin, close() }.
 */
export async function servePage(directory) {
  const port = await processes.freePort()
  const server = createServer((request, response) => {
    const script = /^\/(\w+\.js)$/.exec(request.url)?.[1]
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html')
    response.end(script ? readFileSync(join(directory, script)) : '<!doctype html><title>test</title>')
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()))
  return { origin: `http://127.0.0.1:${port}`, close }
}
