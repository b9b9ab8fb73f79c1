// The first page of the demo: three users look at one table, and a form changes a row.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Scene, id, rowOf } from '../lib/pages.mjs'

const [joaos, marias] = [{ id: id('a1'), code: 'ORD-A7X3B2' }, { id: id('a3'), code: 'ORD-Q4T8W1' }]

describe('the first page', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, sql, setStatus, hasStreams } = scene
  before(() => scene.open())
  after(() => scene.close())

  /** The page, with the three live. Nothing changes by itself. */
  const open = async (options) => {
    const it = await visit('/', undefined, options)
    await it.sees('three live users', async () => (await it.$('.dot.open').count()) === 3)
    await it.$('#life').uncheck()
    return it
  }
  const frames = (it) => it.texts('#frames li')

  shows('an UPDATE comes to whom it may come, and nothing to anybody else', async (context) => {
    const it = await open()
    await setStatus(joaos, 'Order Received')
    await it.seesText(`#joao ${rowOf(joaos)}`, 'Order Received')
    const quiet = (await frames(it)).filter((text) => text.includes('María')).length
    await it.page.getByLabel('WHERE order_code =').selectOption(joaos.id)
    await it.page.getByLabel('SET order_status =').selectOption('Preparing')
    await it.page.getByRole('button', { name: 'Run the UPDATE' }).click()
    for (const user of ['joao', 'ana']) await it.seesText(`#${user} ${rowOf(joaos)} .badge`, 'Preparing')
    await it.seesText('#wrote', /Committed and answered in \d+ ms/)
    await it.seesText('#joao .seen', /It came after \d+ ms\s+\d+ of \d+ so far/)
    await it.seesText('#maria .seen', /Not sent here\s+\d+ of \d+ so far/)
    assert.equal(await it.$(`#maria ${rowOf(joaos)}`).count(), 0)
    const [first, second] = await frames(it)
    const wanted = /\+(\d+) ms\s+id: (\d+)-\d+\s+event: (order_status_update|order_updated)\s+data: \{.*Preparing/
    for (const text of [first, second]) assert.match(text, wanted)
    assert.equal(wanted.exec(first)[2], wanted.exec(second)[2], 'one commit, one tick')
    assert.equal((await frames(it)).filter((text) => text.includes('María')).length, quiet)
    context.diagnostic(`from the click to the frame: ${wanted.exec(second)[1]} ms`)
    assert.equal(await sql(`SELECT order_status FROM example.orders WHERE id = '${joaos.id}'`), 'Preparing')
  })

  shows('what another program writes is seen, too, and the same again is no change', async () => {
    const it = await open()
    await setStatus(marias, 'Delivered')
    for (const user of ['maria', 'ana']) await it.seesText(`#${user} ${rowOf(marias)} .badge`, 'Delivered')
    await it.seesText('#joao .seen', 'Not sent here')
    const before = (await frames(it)).length
    await it.page.getByLabel('WHERE order_code =').selectOption(marias.id)
    await it.page.getByLabel('SET order_status =').selectOption('Delivered')
    await it.page.getByRole('button', { name: 'Run the UPDATE' }).click()
    await it.seesText('#wrote', 'is Delivered already. Nothing changes, so nobody is told')
    assert.equal((await frames(it)).length, before)
  })

  shows('a little life: changes come by themselves until they are switched off', async () => {
    const it = await visit('/', undefined, { prepare: (page) => page.clock.install() })
    await it.sees('three live users', async () => (await it.$('.dot.open').count()) === 3)
    await it.seesText(`#ana ${rowOf(marias)}`, marias.code)
    assert.equal(await it.$('#life').isChecked(), true)
    await it.page.clock.runFor(8000)
    await it.sees('two changes', () => it.asked('/status').filter(({ method }) => method === 'PATCH').length >= 2)
    await it.$('#life').uncheck()
    const before = it.count
    await it.page.clock.runFor(20_000)
    assert.deepEqual(it.asked('/api/orders', before), [])
  })

  shows('who prefers less motion has no life until it is switched on', async () => {
    const it = await visit('/', undefined, { prepare: (page) => page.emulateMedia({ reducedMotion: 'reduce' }) })
    await it.sees('three live users', async () => (await it.$('.dot.open').count()) === 3)
    assert.equal(await it.$('#life').isChecked(), false)
  })

  shows('a page that nobody looks at lets its connections go, and goes on where it was', async () => {
    await hasStreams(0)
    const it = await open()
    await hasStreams(3)
    const look = (state) => it.page.evaluate((state) => {
      Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true })
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
    await look('hidden')
    await hasStreams(0)
    const before = it.count
    await setStatus(joaos, 'Out for Delivery')
    await look('visible')
    await it.seesText(`#joao ${rowOf(joaos)} .badge`, 'Out for Delivery')
    assert.match(it.asked('/api/orders/stream', before).at(-1).headers['last-event-id'], /^\d+-\d+$/)
  })

  shows('the UPDATE, and each command, can be copied', async () => {
    const it = await open({ prepare: (page) => page.addInitScript(() => {
      Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => (globalThis.copied = text) } })
    }) })
    const copied = () => it.page.evaluate(() => globalThis.copied)
    await it.seesText('#commands pre', 'curl -N')
    await it.page.getByRole('button', { name: 'Copy for psql' }).click()
    await it.sees('a copy', async () => /^psql postgresql:\S+ -c "UPDATE example\.orders SET order_status = '[\w ]+' WHERE order_code = 'ORD-\w{6}'"$/.test(await copied()))
    await it.$('#commands .command').first().getByRole('button').click()
    await it.sees('another copy', async () => /^curl -N/.test(await copied()))
    await it.seesText('#commands button', 'Copied')
  })
})
