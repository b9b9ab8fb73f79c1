// The garage's pages in a real browser, as `make demo` serves them. They have the user interface
// that the document of the work orders describes, with the same words.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { missingNginx } from '../lib/nginx.mjs'
import { Scene, id, noteTimes, rowOf, timesOf } from '../lib/pages.mjs'
import { measured, now } from '../lib/wait.mjs'

// What the document says to write for nginx.
const workOrdersBlock = `location /api/workorders/stream {
    proxy_pass http://localhost:3000;
    proxy_buffering off;
    proxy_cache off;
    proxy_set_header X-Accel-Buffering no;
    proxy_set_header Connection '';
    proxy_http_version 1.1;
    chunked_transfer_encoding off;
}`

describe('002, werkorders', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, sql, addWorkOrder, gone, behindNginx } = scene
  before(() => scene.open())
  after(() => scene.close())

  const column = (name) => `[data-column="${name}"]`

  shows('klant tekent op de iPad: GOEDGEKEURD, Auto binnen, bij admin, monteur en magazijn tegelijk', async (context) => {
    const order = await addWorkOrder('SG-001-N')
    const clients = [await visit('/admin/workorders', 'grace'), await visit('/admin/workoverzicht', 'pieter'), await visit('/magazijn', 'willem')]
    const display = await visit('/display', 'pieter')
    for (const it of [...clients, display]) await it.isLive('Live updates actief')
    for (const it of clients) await it.seesText(rowOf(order), 'Nieuw')
    await display.page.getByLabel('Werkorder').selectOption(order.id)
    const box = await display.$('#ink').boundingBox()
    await display.page.mouse.move(box.x + 20, box.y + 20)
    await display.page.mouse.down()
    for (const n of [40, 80, 120]) await display.page.mouse.move(box.x + n, box.y + (n % 80) + 10)
    await display.page.mouse.up()
    const since = now()
    await display.page.getByRole('button', { name: 'Ondertekenen' }).click()
    await Promise.all(clients.map((it) => it.seesText(`${rowOf(order)} .badge`, 'Goedgekeurd')))
    context.diagnostic(`from the click to all three pages: ${Math.round(now() - since)} ms`)
    await display.seesText('#signed', 'SG-001-N: Goedgekeurd, Auto binnen')
    await clients[0].seesText(`${rowOf(order)} td`, 'Auto binnen')
    await clients[1].sees('the card in its column', () => clients[1].$(`${column('Auto binnen')} ${rowOf(order)}`).count())
    await clients[2].seesText(`${rowOf(order)} td`, 'Auto binnen')
    assert.match(await sql(`SELECT signature FROM example.work_orders WHERE id = '${order.id}'`), /^data:image\/png;base64,/)
    for (const it of clients) for (const kind of ['status', 'column']) await it.says(`📡 Live update ontvangen: ${kind}`)
  })

  shows('de klant tekent voor de gekozen werkorder, of voor geen: ook als die elders al getekend is', async () => {
    const orders = [await addWorkOrder('KZ-011-A'), await addWorkOrder('KZ-012-B')]
    const display = await visit('/display', 'pieter')
    await display.isLive()
    await display.page.getByLabel('Werkorder').selectOption(orders[0].id)
    await display.page.getByLabel('of typ uw naam').fill('Sanne')
    await sql(`UPDATE example.work_orders SET signature = 'x', status = 'GOEDGEKEURD' WHERE id = '${orders[0].id}'`)
    await gone(display, `option[value="${orders[0].id}"]`)
    assert.equal(await display.page.getByLabel('Werkorder').inputValue(), '')
    const before = display.count
    await display.page.getByRole('button', { name: 'Ondertekenen' }).click()
    assert.deepEqual(display.asked('/signature', before), [])
    await display.page.getByLabel('Werkorder').selectOption(orders[1].id)
    await display.page.getByRole('button', { name: 'Ondertekenen' }).click()
    await display.seesText('#signed', 'KZ-012-B: Goedgekeurd')
  })

  shows('/admin/workorders toont status, kolom en sessies, live', async () => {
    const order = await addWorkOrder('TB-002-L')
    const it = await visit('/admin/workorders', 'grace')
    await it.isLive()
    await sql(`UPDATE example.work_orders SET board_column = 'Onder handen', status = 'IN_UITVOERING' WHERE id = '${order.id}'`)
    await it.seesText(rowOf(order), 'In uitvoering')
    await it.seesText(rowOf(order), 'Onder handen')
    await sql(`INSERT INTO example.work_sessions (work_order_id, mechanic) VALUES ('${order.id}', 'Pieter Bakker')`)
    await it.seesText(rowOf(order), /Pieter Bakker \d\d:\d\d/)
    await sql(`UPDATE example.work_sessions SET stopped_at = now() WHERE work_order_id = '${order.id}'`)
    await it.sees('no session', async () => !(await it.text(rowOf(order))).includes('Pieter'))
  })

  shows('/admin/workoverzicht: een kaart wordt verplaatst, en staat bij iedereen in haar kolom met haar status', async () => {
    const order = await addWorkOrder('KB-003-N')
    const [it, other] = [await visit('/admin/workoverzicht', 'pieter'), await visit('/admin/workoverzicht', 'grace')]
    await Promise.all([it.isLive(), other.isLive()])
    await it.page.getByLabel('Kolom van KB-003-N').selectOption('Onder handen')
    for (const each of [it, other]) await each.seesText(`${column('Onder handen')} ${rowOf(order)}`, 'In uitvoering')
    await it.page.getByRole('button', { name: 'Start werk aan KB-003-N' }).press('Enter')
    await it.seesText(rowOf(order), 'Pieter Bakker')
    assert.equal(await it.page.evaluate(() => document.activeElement.ariaLabel), 'Start werk aan KB-003-N', 'the keyboard stays there')
  })

  shows('monteur start en stopt werk: actieve sessies met live timers', async () => {
    const order = await addWorkOrder('TM-004-R')
    const [it, office] = [await visit('/admin/workoverzicht', 'pieter'), await visit('/admin/workorders', 'grace')]
    await Promise.all([it.isLive(), office.isLive()])
    await it.page.getByRole('button', { name: 'Start werk aan TM-004-R' }).click()
    const timer = `${rowOf(order)} .timer`
    await it.seesText(timer, /^\d\d:\d\d$/)
    await office.seesText(timer, /^\d\d:\d\d$/)
    const first = await it.text(timer)
    const count = it.count
    await it.sees('a timer that runs', async () => (await it.text(timer)) > first)
    assert.equal(it.asked('/api/workorders', count).length, 0, 'without asking')
    await sql(`UPDATE example.work_sessions SET started_at = now() - interval '61 minutes' WHERE work_order_id = '${order.id}'`)
    await it.seesText(timer, /^61:\d\d$/)
    await it.$(rowOf(order)).getByRole('button', { name: 'Stop Pieter Bakker' }).click()
    for (const each of [it, office]) await gone(each, timer)
    await it.says('📡 Live update ontvangen: session')
  })

  shows('uitbreidingen: onderdelen, facturen, klanten, RDW-gegevens en e-mail staan op het bord', async () => {
    const it = await visit('/admin/workoverzicht', 'pieter')
    const store = await visit('/magazijn', 'willem')
    await Promise.all([it.isLive(), store.isLive()])
    await sql("UPDATE example.parts SET status = 'ONTVANGEN' WHERE name = 'Remblokken voor'")
    await it.seesText(`[data-id="${id('b2')}"]`, 'Remblokken voor: ontvangen')
    await store.seesText(`[data-id="${id('b2')}"]`, 'Remblokken voor: ontvangen')
    await sql(`INSERT INTO example.invoices (work_order_id, amount) VALUES ('${id('b2')}', 99.50)`)
    await it.seesText(`[data-id="${id('b2')}"]`, /€\s99,50/)
    await sql("UPDATE example.customers SET phone_number = '+31600000001' WHERE name = 'Daan Jansen'")
    await it.seesText('#news li', /XP-456-L Klant Daan Jansen bijgewerkt/)
    await sql("UPDATE example.vehicles SET apk_until = '2028-12-15' WHERE plate = 'XP-456-L'")
    await it.seesText('#news li', 'XP-456-L: RDW-gegevens ververst, APK tot 2028-12-15')
    await sql(`INSERT INTO example.emails (work_order_id, recipient, subject) VALUES ('${id('b2')}', 'daan@example.com', 'Gereed')`)
    await it.seesText('#news li', 'E-mail “Gereed”: in de wachtrij')
    await sql("UPDATE example.emails SET status = 'VERZONDEN'")
    await it.seesText('.toast', 'E-mail “Gereed”: verzonden')
  })

  shows('console: verbonden, verbroken; na 5 seconden opnieuw verbonden', async () => {
    const it = await visit('/admin/workorders', 'grace', { prepare: noteTimes })
    await it.isLive()
    await it.says('✅ SSE verbonden - live updates actief')
    await scene.daemon.stop()
    await it.says('SSE verbinding verbroken, herverbinden...')
    await scene.daemon.start()
    await it.isLive()
    const [lost] = await timesOf(it, 'SSE verbinding verbroken')
    const back = (await timesOf(it, '/stream/ticket')).find((at) => at > lost)
    assert.ok(back - lost >= 3500, `5 s and a quarter less: ${back - lost}`)
  })

  shows('geen onnodige requests: alleen na een wijziging', async () => {
    const order = await addWorkOrder('NR-005-Q')
    const it = await visit('/admin/workorders', 'grace', { prepare: (page) => page.clock.install() })
    await it.isLive()
    await it.seesText(rowOf(order), 'Nieuw')
    const before = it.count
    await it.page.clock.runFor(60_000) // polling would have asked six times
    await sql(`UPDATE example.work_orders SET board_column = 'Gereed', status = 'GEREED' WHERE id = '${order.id}'`)
    await it.seesText(rowOf(order), 'Gereed')
    const loads = it.asked('/api/workorders', before).filter(({ method }) => method === 'GET').length
    assert.ok(loads >= 1 && loads <= 2, `${loads} requests for two updates`)
  })

  shows('through nginx with the block of the document as it stands', { skip: missingNginx() }, async (context) => {
    await behindNginx(workOrdersBlock.replace('http://localhost:3000', `http://127.0.0.1:${scene.daemon.port}`), async (from) => {
      const order = await addWorkOrder('NX-006-W')
      const it = await visit('/admin/workorders', 'grace', { from })
      await it.isLive()
      await it.seesText(rowOf(order), 'Nieuw')
      let turn = 0
      const change = async () => {
        const since = now()
        const status = ['GEREED', 'NIEUW'][turn++ % 2]
        await sql(`UPDATE example.work_orders SET status = '${status}' WHERE id = '${order.id}'`)
        await it.seesText(`${rowOf(order)} .badge[title=${status}]`, /./)
        return now() - since
      }
      const took = await measured(context, change, (took) => took < 5000)
      context.diagnostic(`from psql to the page through nginx: ${Math.round(took)} ms`)
      assert.ok(took < 5000, `${took} ms`)
    })
  })
})
