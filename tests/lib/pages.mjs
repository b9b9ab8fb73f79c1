// The demo's pages as a user has them: the real page server of contrib/demo beside a daemon, and
// visits with a real browser.
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBrowser } from './browser.mjs'
import { environment } from './cluster.mjs'
import { program, repository } from './daemon.mjs'
import { orderCode } from './example.mjs'
import { encryptionKey } from './iron.mjs'
import { remember } from './leaks.mjs'
import { Nginx } from './nginx.mjs'
import * as processes from './process.mjs'
import { openStage } from './stage.mjs'
import { until, within } from './wait.mjs'

const patience = 60_000 // ms; a page that has failed for long tries again after half a minute

export class Pages {
  /** api: where the pages find the daemon. secretFile and encryptionKey are the daemon's. */
  static async serve({ cluster, port, api, secretFile, encryptionKey }) {
    const pages = new Pages()
    pages.word = remember(randomBytes(18).toString('base64url'), 'the word of the pages')
    pages.origin = `http://127.0.0.1:${port}`
    const env = { ...environment(), PAGE_PORT: port, PAGE_WORD: pages.word, API_URL: api, DATABASE_URL: cluster.url(), PGHERALD: program,
      PGHERALD_JWT_SECRET_FILE: secretFile, SSE_ENCRYPTION_KEY: encryptionKey }
    pages.child = processes.start('perl', [join(repository, 'contrib/demo/page')], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    await until(() => fetch(pages.origin, { signal: AbortSignal.timeout(5000) }), { timeout: patience, what: 'the page server' })
    return pages
  }

  /** The first address, which lets a browser in. */
  address(path, user) {
    return `${this.origin}${path}?open=${this.word}${user ? `&user=${user}` : ''}`
  }

  async stop() {
    this.child.kill('SIGTERM')
    await this.child.exited
  }
}

/** One tab: what it shows, what it asked for, what it said on its console. */
export class Visit {
  /**
   * beside: another visit, whose cookies it shares. size: of the window. prepare(page) is called
   * before the address is opened.
   */
  static async open(browser, address, { beside, size, prepare } = {}) {
    const visit = new Visit()
    const page = await (beside?.page.context() ?? (await browser.context())).newPage()
    Object.assign(visit, { page, beside, said: [], requests: [], errors: [], documents: 0 })
    page.on('console', (message) => visit.said.push(message.text()))
    page.on('pageerror', (error) => visit.errors.push(error))
    page.on('request', (request) => {
      visit.requests.push({ method: request.method(), url: request.url(), headers: request.headers(), at: performance.now() })
      if (request.isNavigationRequest() && !request.redirectedFrom()) visit.documents++
    })
    if (size) await page.setViewportSize(size)
    await prepare?.(page)
    await page.goto(address)
    return visit
  }

  $(selector) {
    return this.page.locator(selector)
  }

  text(selector) {
    return this.$(selector).first().innerText({ timeout: 20_000 })
  }

  texts(selector) {
    return this.$(selector).allInnerTexts()
  }

  /** Waits until a condition (given this visit) holds. */
  sees(what, condition, timeout = patience) {
    return until(() => condition(this), { timeout, what }).catch(async (error) => {
      const seen = await this.page.innerText('body', { timeout: 1000 }).catch(() => '')
      throw new Error(`${error.message}; the page: ${seen.slice(0, 1500)}; its console: ${this.said.slice(-10).join(' | ')}`)
    })
  }

  seesText(selector, wanted) {
    const holds = (text) => (wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted))
    return this.sees(`${wanted} in ${selector}`, async () => (await this.texts(selector)).some(holds))
  }

  isLive(word) {
    const isOpen = async () => (await this.$('#state.open').count()) === 1
    return this.sees('the dot of a live page', async () => (await isOpen()) && (!word || (await this.text('#state')) === word))
  }

  says(line) {
    return this.sees(`${line} on the console`, () => this.said.some((said) => said.includes(line)))
  }

  /**
   * How many requests there were so far. asked() gives those since then with `part` in their
   * address.
   */
  get count() {
    return this.requests.length
  }

  asked(part, since = 0) {
    return this.requests.slice(since).filter(({ url }) => url.includes(part))
  }

  /** Closes the tab. Fails if the page was loaded again, or if a script failed. */
  async close() {
    await within(this.beside ? this.page.close() : this.page.context().close(), patience, 'the end of a tab')
    assert.deepEqual(this.errors.map(String), [])
    assert.equal(this.documents, 1, 'a page that was loaded again')
  }
}

/**
 * For Visit.open: the page itself notes when it asks and when it says something, since a test may
 * see that late.
 */
export const noteTimes = (page) => page.addInitScript(() => {
  const noted = (globalThis.noted = []), { fetch } = globalThis
  const note = (what) => noted.push({ what: String(what), at: performance.now() })
  globalThis.fetch = (input, ...more) => (note(input.url ?? input), fetch(input, ...more))
  for (const name of ['log', 'info', 'warn', 'error']) {
    const say = console[name].bind(console)
    console[name] = (...words) => (note(words[0]), say(...words))
  }
})

/** When the page noted what has `part` in it, in order, in ms by the page's own clock. */
export const timesOf = (visit, part) => visit.page.evaluate((part) => globalThis.noted.filter(({ what }) => what.includes(part)).map(({ at }) => at), part)

// ---- what a test of pages stands on
// ---------------------------------------------------------------------------------------

export const id = (end) => `00000000-0000-4000-8000-0000000000${end}` // of contrib/example/data.sql
export const pedidos = '/dashboard/minha-loja/pedidos'
/** All pages, and a user of each. */
export const pages = [['/', ''], [pedidos, 'ana'], ['/usuarios', 'grace'], ['/admin/workorders', 'grace'], ['/admin/workoverzicht', 'pieter'],
  ['/magazijn', 'willem'], ['/display', 'pieter'], ['/roleta', 'joao'], ['/my-orders', 'joao']]
export const statuses = ['Order Received', 'Preparing', 'Out for Delivery', 'Delivered', 'Cancelled']
export const rowOf = (order) => `[data-id="${order.id}"]`
export const colorOf = (visit, selector) => visit.$(selector).first().evaluate((element) => getComputedStyle(element).color)

/**
 * A cluster with the example, a daemon, the page server and a browser. Its functions work when they
 * are taken out of it.
 */
export class Scene {
  #visits = []

  open = async () => {
    ;[this.port, this.nginxPort] = [await processes.freePort(), await processes.freePort()]
    const origins = [this.port, this.nginxPort].map((port) => `http://127.0.0.1:${port}`).join(',')
    const flags = ['--allowed-origins', origins, '--jwt-leeway', '1s']
    this.stage = await openStage({ example: true, daemon: { flags, env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    this.daemon = this.stage.daemon
    this.pages = await this.#serve(this.port, this.daemon.port)
    this.browser = await openBrowser()
  }

  close = async () => {
    try {
      await this.browser?.close()
    } finally { // a process that is left would keep the file from ending
      await this.pages?.stop()
      await this.stage?.close()
    }
  }

  #serve(port, daemonPort) {
    const { cluster } = this.stage
    return Pages.serve({ cluster, port, api: `http://127.0.0.1:${daemonPort}`, secretFile: this.daemon.secretFile, encryptionKey })
  }

  /** Opens a page as this user of the demo. from: another page server. */
  visit = async (path, user, { from = this.pages, ...options } = {}) => {
    const visit = await Visit.open(this.browser, from.address(path, user), options)
    this.#visits.push(visit)
    return visit
  }

  /** A test that closes its visits at its end. */
  shows = (name, act, options = {}) => test(name, options, async (context) => {
    const leave = () => this.#visits.splice(0).reverse().map((visit) => visit.close())
    try {
      await act(context)
    } catch (error) {
      await Promise.allSettled(leave())
      if (this.daemon.ended) await this.daemon.start() // the next test needs it
      throw error
    }
    await Promise.all(leave())
  })

  /**
   * act() gets pages that find the daemon behind an nginx with these locations. All else goes
   * through with nginx's defaults.
   */
  behindNginx = async (locations, act) => {
    const nginx = await Nginx.start(`${locations} location / { proxy_pass http://127.0.0.1:${this.daemon.port}; }`)
    const from = await this.#serve(this.nginxPort, nginx.port)
    try {
      await act(from)
    } finally {
      await from.stop()
      await nginx.stop()
    }
  }

  sql = (text) => this.stage.cluster.psql(text)
  hasStreams = (count) => until(async () => (await this.daemon.status()).json.streams === count, { timeout: patience, what: `${count} streams` })
  gone = (visit, selector) => visit.sees(`no ${selector}`, async () => (await visit.$(selector).count()) === 0)
  setStatus = (order, status) => this.sql(`UPDATE example.orders SET order_status = '${status}' WHERE id = '${order.id}'`)

  addOrder = async ({ store = 'minha-loja', user = id('01'), status = 'Order Received', name = 'João Silva' } = {}) => {
    const order = { id: randomUUID(), code: orderCode() }
    await this.sql(`INSERT INTO example.orders (id, order_code, store_slug, user_id, customer_name, total_qty, final_amount, order_status)
      VALUES ('${order.id}', '${order.code}', '${store}', '${user}', '${name}', 2, 50.00, '${status}')`)
    return order
  }

  addWorkOrder = async (plate) => {
    const order = { id: randomUUID(), plate }
    await this.sql(`INSERT INTO example.work_orders (id, plate, customer_name) VALUES ('${order.id}', '${plate}', 'Sanne de Vries')`)
    return order
  }
}
