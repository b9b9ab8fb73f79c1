// What all pages of the demo share, how they look, and the users list. The pages of the other
// documents are in 86-pages-…. SHOTS=DIRECTORY keeps pictures.
// run: browser, once
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Scene, Visit, colorOf, pages } from '../lib/pages.mjs'
import { answers, exchange } from '../lib/raw.mjs'
import { shoot } from '../lib/shots.mjs'
import { until, within } from '../lib/wait.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } }

describe('001, usuarios', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, sql } = scene
  before(() => scene.open())
  after(() => scene.close())

  const email = () => `${randomUUID().slice(0, 8)}@whatsapp.local`

  shows('abre la UI, el punto es verde "Conectado en tiempo real"; creado un usuario, aparece inmediatamente', async () => {
    const it = await visit('/usuarios', 'grace')
    await it.isLive('Conectado en tiempo real')
    const [r, g, b] = (await colorOf(it, '#state')).match(/\d+/g).map(Number)
    assert.ok(g > r && g > b, 'green')
    const address = email()
    await it.page.getByLabel('Correo').fill(address)
    await it.page.getByRole('button', { name: 'Crear usuario' }).click()
    await it.seesText('#users', address)
    await it.seesText('#detected', 'Nuevo usuario detectado')
    await it.says(`✅ Usuario ${address} creado exitosamente`)
    await it.says('📡 Notificación SSE enviada para auto-refresh')
  })

  shows('logs del frontend', async () => {
    const it = await visit('/usuarios', 'grace')
    await it.says('🔌 Estableciendo conexión SSE...')
    await it.says('✅ Conexión SSE abierta')
    await it.isLive()
    const address = email()
    await sql(`INSERT INTO example.users (email, name) VALUES ('${address}', 'PDF')`)
    await it.says('📡 Evento SSE recibido: {type: user_created')
    await it.says('🔄 Nuevo usuario creado detectado via SSE')
    await sql(`DELETE FROM example.users WHERE email = '${address}'`)
    await it.says('🗑Usuario eliminado detectado via SSE')
  })

  shows('cuando un webhook crea el usuario la UI se actualiza sin loading; eliminado, desaparece', async () => {
    const it = await visit('/usuarios', 'grace')
    await it.isLive()
    await it.seesText('#users', 'grace.field@example.com')
    await it.$('#loading').evaluate((element) => new MutationObserver(() => (element.hidden ? 0 : (globalThis.shown = true))).observe(element, { attributes: true }))
    const address = email()
    await sql(`INSERT INTO example.users (email, name) VALUES ('${address}', 'PDF')`)
    await it.seesText('#users', address)
    await it.page.getByRole('button', { name: `Eliminar ${address}` }).click()
    await it.sees('the user to disappear', async () => !(await it.texts('#users')).join().includes(address))
    assert.equal(await it.page.evaluate(() => globalThis.shown), undefined, 'fetchUsers(false)')
  })

  shows('sin polling: sin cambios no hay requests', async () => {
    const it = await visit('/usuarios', 'grace', { prepare: (page) => page.clock.install() })
    await it.isLive()
    await it.seesText('#users', 'grace.field@example.com')
    const before = it.count
    await it.page.clock.runFor(60_000) // the old polling would have asked thirty times
    const address = email()
    await sql(`INSERT INTO example.users (email) VALUES ('${address}')`)
    await it.seesText('#users', address)
    assert.deepEqual(it.requests.slice(before).filter(({ method }) => method === 'GET').map(({ url }) => new URL(url).pathname), ['/api/users'])
  })

  shows('rojo "Desconectado", con botón manual como fallback; reconecta automáticamente', async () => {
    const it = await visit('/usuarios', 'grace')
    await it.isLive()
    await scene.daemon.stop()
    await it.seesText('#state', 'Desconectado')
    const [r, g, b] = (await colorOf(it, '#state')).match(/\d+/g).map(Number)
    assert.ok(r > g && r > b, 'red')
    assert.ok(await it.page.getByRole('button', { name: 'Reconectar' }).isVisible())
    assert.ok(await it.page.getByRole('button', { name: 'Actualizar' }).isVisible())
    const address = email()
    await sql(`INSERT INTO example.users (email) VALUES ('${address}')`)
    await scene.daemon.start()
    await it.isLive('Conectado en tiempo real')
    await it.seesText('#users', address)
  })

  shows('manejo de errores: una lista que no llega se pide de nuevo', async () => {
    let refused = 0
    const fails = (route) => (route.request().method() === 'GET' && refused++ < 3 ? route.abort() : route.fallback())
    const it = await visit('/usuarios', 'grace', { prepare: (page) => page.route('**/api/users', fails) })
    await it.seesText('#error', /./)
    await it.seesText('#users', 'grace.field@example.com')
    await it.isLive()
    refused = 2
    const address = email()
    await sql(`INSERT INTO example.users (email) VALUES ('${address}')`)
    await it.seesText('#users', address)
    assert.ok(refused > 3, 'one was refused')
  })

  shows('nobody but admins sees users, and nobody a password', async () => {
    const ana = await visit('/usuarios', 'ana')
    await ana.seesText('#state', 'Sin permiso')
    assert.deepEqual(await ana.texts('#users tr'), [])
    const grace = await visit('/usuarios', 'grace')
    await grace.seesText('#users', 'grace.field@example.com')
    assert.ok(!(await grace.page.content()).includes('not-a-hash'))
  })
})

describe('all pages', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, sql } = scene
  before(async () => {
    await scene.open()
    await sql(`INSERT INTO example.rounds (game_type, game_id, value, color) SELECT 'ROULETTE', '123', n, example.color_of(n) FROM unnest('{17,0,32}'::int[]) n`)
  })
  after(() => scene.close())

  /** Is everything there that a picture should have? */
  const isWhole = async (it, path) => {
    if (path !== '/') return it.isLive()
    await it.seesText('#commands pre', 'curl -N')
    await it.sees('three live users', async () => (await it.$('.dot.open').count()) === 3)
    // The form moves down when rows come. A click that it moves away from is none.
    for (const [who, code] of [['joao', 'ORD-K9M2P4'], ['ana', 'ORD-Q4T8W1'], ['maria', 'ORD-Z5D6F7']]) await it.seesText(`#${who} .rows`, code)
    await it.page.getByRole('button', { name: 'Run the UPDATE' }).click()
    await it.seesText('#frames li', 'order_updated')
    await it.seesText('#joao .seen', 'It came after')
  }

  /** What axe finds, how wide the page is, and the controls that are not of one height. */
  const faults = async (it, size) => {
    const found = await it.page.evaluate(`${axe}; axe.run({ runOnly: ${JSON.stringify(rules)} })`)
    const wide = await it.page.evaluate(() => document.documentElement.scrollWidth)
    const low = await it.page.evaluate(() => [...document.querySelectorAll('button, select, input:not([type=checkbox])')]
      .filter((each) => each.checkVisibility() && Math.abs(each.getBoundingClientRect().height - 40) > 1).map((each) => each.outerHTML.slice(0, 80)))
    return { violations: found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))]), tooWide: Math.max(0, wide - size.width), low }
  }

  const none = { violations: [], tooWide: 0, low: [] }
  const nameOf = (path) => path.slice(1).replaceAll('/', '-') || 'first'

  for (const [path, user] of pages) {
    shows(`${path}: no violation by axe, and nothing sideways, on a desktop and a phone, light and dark`, async () => {
      const it = await visit(path, user, { size: sizes.desktop, prepare: (page) => page.emulateMedia({ reducedMotion: 'reduce' }) })
      await isWhole(it, path)
      assert.deepEqual(await it.page.evaluate(order), { broken: [], larger: [], primary: true, main: true })
      assert.doesNotMatch(await it.page.innerText('body'), /\p{Extended_Pictographic}/u, 'a letter of an emoji font')
      for (const [name, size] of Object.entries(sizes)) {
        await it.page.setViewportSize(size)
        for (const colorScheme of ['light', 'dark']) {
          await it.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          assert.deepEqual(await faults(it, size), none, `${name}, ${colorScheme}`)
          await shoot(it.page, `${nameOf(path)}-${name}-${colorScheme}`)
        }
      }
    })
  }

  shows('a column keeps its width when rows come and go', async () => {
    const order = await scene.addOrder({ name: 'Um nome que é bem mais longo do que todos os outros da loja' })
    const it = await visit('/dashboard/minha-loja/pedidos', 'ana', { size: sizes.desktop })
    await it.seesText('#orders', order.code)
    const widths = () => it.page.evaluate(() => [...document.querySelectorAll('th')].map((th) => th.getBoundingClientRect().width))
    const full = await widths()
    await it.page.getByLabel('Buscar').fill('nothing like this')
    await it.seesText('#orders-empty', 'Nenhum pedido aqui')
    assert.deepEqual(await widths(), full)
  })

  shows('an address that is none has a page for people, and JSON for programs', async () => {
    const it = await Visit.open(scene.browser, `${scene.pages.origin}/no/such/page`, { size: sizes.phone })
    await it.seesText('h1', 'No such page')
    assert.deepEqual(await faults(it, sizes.phone), none)
    await it.page.getByRole('link', { name: 'To the first page' }).click()
    await it.seesText('h1', 'pgherald demo')
    it.documents = 1
    await it.close()
    const answer = await fetch(`${scene.pages.origin}/no/such/page`)
    assert.deepEqual([answer.status, (await answer.json()).errors], [404, ['Not found']])
    assert.equal((await fetch(`${scene.pages.origin}/my%20orders`, { headers: { Accept: 'text/html' } })).status, 404)
    const refused = await fetch(`${scene.pages.origin}/?open=wrong`, { headers: { Accept: 'text/html' } })
    assert.deepEqual([refused.status, /Another demo/.test(await refused.text())], [403, true])
  })

  shows('a user is chosen in the box: the same page as somebody else', async () => {
    const it = await visit('/my-orders', 'joao')
    await it.isLive()
    await it.page.getByLabel('User').selectOption('maria')
    await it.page.waitForURL('**/my-orders?user=maria')
    await it.isLive()
    await it.seesText('#orders', 'ORD-Q4T8W1')
    it.documents = 1 // this reload was wished for
  })

  shows('without the word of the demo\'s address nobody gets a token', async () => {
    const it = await Visit.open(scene.browser, `${scene.pages.origin}/my-orders`)
    await it.seesText('#error', 'Open the address that make demo has printed')
    await it.page.context().close()
  })

  test('the page server hands out its list of files, tokens to who has come by its address, and nothing else', async () => {
    const cookie = { Cookie: `demo=${scene.pages.word}` }
    const status = async (path, options = {}) => (await fetch(scene.pages.origin + path, { redirect: 'manual', ...options })).status
    for (const path of ['/session?user=ana', '/key?user=joao', '/subscription?user=joao', '/commands']) {
      assert.equal(await status(path), 403, path)
      assert.equal(await status(path, { headers: { Cookie: `demo=${scene.pages.word}x` } }), 403, path)
      assert.equal(await status(path, { headers: { ...cookie, Origin: 'http://evil.example' } }), 403, path)
      assert.equal(await status(path, { headers: cookie }), 200, path)
    }
    for (const path of ['/page', '/pages/index.html', '/run', '/../run', '/%2e%2e/run', '/..%2frun', '//etc/passwd', '/pages/../run', '/shell.js/', '/client/cjs/index.js', '/client/../page', '/session/x']) {
      assert.ok([400, 404].includes(await raw(path)), path)
    }
    assert.equal(await status('/session?user=nobody', { headers: cookie }), 404)
    assert.equal(await status("/session?user=ana'", { headers: cookie }), 400)
    assert.equal(await status('/?open=wrong'), 403)
    assert.equal(await status('/', { method: 'POST' }), 405)
    assert.equal(await status('/subscription?user=joao&active=maybe', { method: 'POST', headers: cookie }), 400)
    assert.equal(await raw('/', 'evil.example'), 403)
  })

  /** The status of a request for a path that no client has normalized. */
  async function raw(path, host = `127.0.0.1:${scene.port}`) {
    const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: demo=${scene.pages.word}\r\n\r\n`
    return answers(await exchange({ host: '127.0.0.1', port: scene.port }, head))[0]
  }
})

/**
 * Runs in the page. Finds heads of columns that are broken, and headings that are larger than those
 * above them. There is a main part, and one primary action at most.
 */
function order() {
  const all = (selector) => [...document.querySelectorAll(selector)]
  const sizes = ['h1', 'h2', 'h3', 'h4'].map((tag) => document.querySelector(tag)).filter(Boolean).map((each) => parseFloat(getComputedStyle(each).fontSize))
  const isBroken = (th) => {
    const text = document.createRange()
    text.selectNodeContents(th)
    return th.scrollWidth > th.clientWidth || text.getClientRects().length > 1 // a line has one
  }
  return {
    broken: all('th').filter(isBroken).map((th) => th.textContent), larger: sizes.filter((size, n) => size > sizes[n - 1]),
    primary: all('button.primary').length <= 1, main: all('main').length === 1,
  }
}
