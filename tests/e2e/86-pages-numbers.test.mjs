// The page of sealed numbers in a real browser, as `make demo` serves it. It has the user interface
// that its document describes, with the same words.
// run: browser, once
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { missingNginx } from '../lib/nginx.mjs'
import { Scene, id } from '../lib/pages.mjs'
import { measured, now, until } from '../lib/wait.mjs'

// What the document says to write for nginx, without a location.
const roundsBlock = `
proxy_set_header Connection '';
proxy_http_version 1.1;
proxy_buffering off;
proxy_cache off;
proxy_read_timeout 3600s;`

describe('003, roleta', { skip: missing(), timeout: 300_000 }, () => {
  const scene = new Scene()
  const { visit, shows, sql, hasStreams, behindNginx } = scene
  before(() => scene.open())
  after(() => scene.close())

  const draw = (...values) => sql(`INSERT INTO example.rounds (game_type, game_id, value, color)
    SELECT 'ROULETTE', '123', value, example.color_of(value) FROM unnest('{${values}}'::int[]) value`)
  const shown = async (it) => (await it.texts('.number')).map(Number)
  const seesNumbers = (it, ...wanted) => it.sees(`the numbers ${wanted}`, async () => (await shown(it)).slice(0, wanted.length).join() === wanted.join())
  const subscribe = (user, active) => sql(`UPDATE example.subscriptions SET active = ${active} WHERE user_id = '${user}'`)

  shows('k=3: os últimos três primeiro, depois os novos, decifrados no navegador', async () => {
    await draw(1, 2, 3, 4)
    const it = await visit('/roleta', 'joao')
    await it.isLive('Conectado')
    await it.sees('three numbers', async () => (await shown(it)).length === 3)
    assert.deepEqual(await shown(it), [4, 3, 2])
    assert.match(it.asked('/live?')[0].url, /\/stream\/rounds\/ROULETTE\/123\/v2\/live\?k=3&ticket=/)
    await it.page.evaluate(() => (globalThis.added = new Promise((resolve) => { // this is what is read aloud
      const list = document.querySelector('#numbers[aria-live=polite]')
      new MutationObserver((changes) => resolve(changes.flatMap(({ addedNodes }) => [...addedNodes].map((node) => node.innerText)))).observe(list, { childList: true })
    })) && undefined)
    await draw(25)
    await seesNumbers(it, 25, 4, 3, 2)
    assert.deepEqual(await it.page.evaluate(() => globalThis.added), ['25'])
    assert.match(await it.$('.number').first().getAttribute('title'), /^vermelho, /)
    assert.equal(await it.$('.number').first().getAttribute('data-color'), 'red')
    await draw(0)
    await seesNumbers(it, 0, 25)
    assert.equal(await it.$('.number').first().getAttribute('data-color'), 'green')
  })

  shows('guarda os últimos 50 números', async () => {
    const it = await visit('/roleta', 'joao')
    await it.isLive()
    await draw(...Array.from({ length: 37 }, (_, n) => n))
    await draw(...Array.from({ length: 37 }, (_, n) => n))
    await seesNumbers(it, 36, 35, 34)
    await it.sees('the 50th', async () => (await shown(it)).length >= 50)
    assert.equal((await shown(it)).length, 50)
  })

  shows('um botão da casa gira, e o número aparece em cada navegador', async () => {
    const [joao, other] = [await visit('/roleta', 'joao'), await visit('/roleta', 'joao')]
    await Promise.all([joao.isLive(), other.isLive()])
    const last = Number(await sql('SELECT max(id) FROM example.rounds'))
    await joao.page.getByRole('button', { name: /Girar/ }).click()
    const value = Number(await until(() => sql(`SELECT value FROM example.rounds WHERE id > ${last}`), { timeout: 30_000, what: 'a round' }))
    for (const it of [joao, other]) await seesNumbers(it, value)
  })

  shows('apenas usuários com assinatura ativa; a que acaba encerra o stream em 5 s, a que volta o reabre', async (context) => {
    const maria = await visit('/roleta', 'maria')
    await maria.seesText('#state', 'Sem assinatura ativa')
    await maria.seesText('#active', 'Assinatura inativa')
    assert.deepEqual(await shown(maria), [])
    assert.equal(maria.asked('/key').length, 0)
    assert.equal(await maria.page.evaluate(async () => (await fetch('/key?user=maria')).status), 403)
    const joao = await visit('/roleta', 'joao')
    await joao.isLive()
    const lapse = async () => {
      const count = joao.count
      await joao.page.getByRole('button', { name: 'Cancelar assinatura' }).click()
      await joao.seesText('#active', 'Assinatura inativa')
      const since = now()
      await joao.seesText('#state', 'Sem assinatura ativa')
      const took = now() - since
      await draw(7)
      assert.equal(joao.asked('/stream/ticket', count).length, 0, 'it does not try again by itself')
      await joao.page.getByRole('button', { name: 'Reativar assinatura' }).click()
      await joao.isLive('Conectado')
      return took
    }
    const took = await measured(context, lapse, (took) => took < 5000)
    context.diagnostic(`the stream's end on the page: ${Math.round(took)} ms behind the answer`)
    assert.ok(took < 5000, `${took} ms`)
    await draw(8)
    await seesNumbers(joao, 8)
  })

  shows('only the page of a subscriber gets the key; another key is said, and shows nothing', async () => {
    const wrong = (route) => route.fulfill({ json: { key: 'another-key-of-at-least-32-characters' } })
    const it = await visit('/roleta', 'joao', { prepare: (page) => page.route('**/key?user=joao', wrong) })
    await it.seesText('#error', 'sealed with another key')
    await draw(9)
    assert.deepEqual(await shown(it), [])
  })

  shows('é encerrado quando a página fecha', async () => {
    await hasStreams(0) // the streams of earlier tests have ended
    const it = await visit('/roleta', 'joao')
    await it.isLive()
    await hasStreams(1)
    await it.page.goto('about:blank')
    it.documents = 1
    await hasStreams(0)
  })

  shows('through nginx with the lines of the document as they stand', { skip: missingNginx() }, async (context) => {
    await subscribe(id('01'), true)
    await behindNginx(`location /stream/rounds/ { proxy_pass http://127.0.0.1:${scene.daemon.port}; ${roundsBlock} }`, async (from) => {
      const it = await visit('/roleta', 'joao', { from })
      await it.isLive()
      let turn = 0
      const drawTwo = async () => {
        const since = now()
        const wanted = [turn++ % 37, 36]
        await draw(36, wanted[0])
        await seesNumbers(it, ...wanted)
        return now() - since
      }
      const took = await measured(context, drawTwo, (took) => took < 5000)
      context.diagnostic(`from psql to the page through nginx: ${Math.round(took)} ms`)
      assert.ok(took < 5000, `${took} ms`)
    })
  })
})
