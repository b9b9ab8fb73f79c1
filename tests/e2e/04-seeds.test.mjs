// The five documents' own walks. Their curl commands and client snippets (e2e/seeds) run as they
// are against the example application. They run in a real shell, a real browser and real React. A
// real nginx with the documents' own lines stands before the daemon.
// run: long, release
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { openBrowser, servePage } from '../lib/browser.mjs'
import { missing } from '../lib/daemon.mjs'
import { encryptionKey } from '../lib/iron.mjs'
import { missingNginx, Nginx } from '../lib/nginx.mjs'
import { removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { bundle, fill, html, reactPage, shown, snippet, Terminal } from '../lib/seeds.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const id = (end) => `00000000-0000-4000-8000-0000000000${end}`
const order = id('a1') // ORD-A7X3B2, an order of João's
const people = {
  customer: await token({ sub: id('01'), role: 'customer' }), admin: await token({ sub: id('04'), role: 'admin' }), mechanic: await token({ sub: id('05'), role: 'mechanic' }),
}
const long = { timeout: 30_000 }

describe('the documents\' own walks', { skip: missing() }, () => {
  let stage, daemon, pages, directory
  before(async () => {
    directory = temporaryDirectory('seeds')
    pages = await servePage(directory)
    stage = await openStage({ example: true, daemon: { flags: ['--allowed-origins', pages.origin], env: { SSE_ENCRYPTION_KEY: encryptionKey } } })
    daemon = stage.daemon
  })
  after(async () => {
    await pages?.close()
    await stage?.close()
    removeDirectory(directory)
  })
  beforeEach(() => stage.cluster.psql(`UPDATE example.orders SET order_status = 'Order Received' WHERE id = '${order}'`))

  const type = (name, words, change = (text) => text) => new Terminal(change(fill(snippet(name), daemon.port, words)))

  describe('in the terminal', () => {
    test('004: the stream by curl shows `connected`, word for word', async () => {
      const terminal = type('004-stream.sh', { 'your-jwt-token': people.customer })
      try {
        await terminal.shows('SSE connected')
        assert.equal(shown(terminal.text), 'event: connected\ndata: {"message":"SSE connected"}')
      } finally {
        await terminal.close()
      }
    })

    test('004: with a token that is not valid it shows the error of the document', async () => {
      const said = await type('004-stream.sh', { 'your-jwt-token': 'nonsense' }).end()
      assert.deepEqual(JSON.parse(said), JSON.parse('{ "success": false, "errors": ["Not authorized, token failed"] }'))
    })

    test('004: the manual test in three steps', async () => {
      const one = type('004-step1.sh', { jwt: people.customer })
      try {
        await one.shows('event: connected')
        const two = await type('004-step2.sh', { 'order-uuid': order, token: people.admin }).end()
        assert.equal(JSON.parse(two).success, true, two)
        await one.shows('event: order_status_update')
        await one.shows('"Preparing"}')
        const { event, data } = one.frames.at(-1)
        assert.equal(event, 'order_status_update')
        // As the document has it, but without the blanks of jsonb.
        assert.equal(data.replace(/([:,]) /g, '$1'), `{"order_id":"${order}","order_code":"ORD-A7X3B2","order_status":"Preparing"}`)
        assert.equal(one.frames.length, 2)
      } finally {
        await one.close()
      }
    })

    test('004: the trigger answers with the document\'s body, and its errors', async () => {
      const words = { 'order-uuid': order, token: people.admin }
      const text = await type('004-patch.sh', words).end()
      const answer = JSON.parse(text)
      assert.deepEqual(Object.keys(answer).sort(), ['data', 'message', 'success'])
      assert.deepEqual(Object.keys(answer.data).sort(), ['address_id', 'created_at', 'final_amount', 'id', 'order_code', 'order_status', 'total_qty', 'updated_at', 'user_id'])
      const { data: { id: changed, order_code, order_status, created_at, updated_at }, success, message } = answer
      assert.deepEqual({ success, message, changed, order_code, order_status }, { success: true, message: 'Order status updated', changed: order, order_code: 'ORD-A7X3B2', order_status: 'Preparing' })
      for (const time of [created_at, updated_at]) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      const wrong = await type('004-patch.sh', words, (command) => command.replace('Preparing', 'Burnt')).end()
      assert.deepEqual(JSON.parse(wrong), { success: false, errors: ['Invalid status. Must be one of: Order Received, Preparing, Out for Delivery, Delivered, Cancelled'] })
      const unknown = await type('004-patch.sh', { ...words, 'order-uuid': id('ff') }).end()
      assert.deepEqual(JSON.parse(unknown), JSON.parse('{ "success": false, "errors": ["Order not found"] }'))
    })

    test('002: the stream by curl with a Bearer header shows each change of a card', async () => {
      const terminal = type('002-stream.sh', { token: people.mechanic })
      try {
        await terminal.shows('"type":"connected"')
        await stage.cluster.psql(`UPDATE example.work_orders SET status = 'GEREED', board_column = 'Klaar' WHERE id = '${id('b1')}'`)
        await until(() => terminal.frames.length >= 3, { timeout: 30_000, what: 'two updates' })
        const updates = terminal.frames.slice(1).map(({ data }) => JSON.parse(data))
        assert.ok(updates.every(({ type: what, workOrderId }) => what === 'workorder-update' && workOrderId === id('b1')))
        assert.deepEqual(updates.map(({ changeType, status, column }) => [changeType, status ?? column]).sort(), [['column', 'Klaar'], ['status', 'GEREED']])
      } finally {
        await terminal.close()
      }
    })
  })

  describe('in the browser', { skip: missingNginx() }, () => {
    let browser, nginx, tab, said
    before(async () => {
      browser = await openBrowser()
      // The application's own origin. It has the pages, the API, and the streams with the
      // documents' own lines.
      nginx = await Nginx.start(`
        location / { root ${directory}; default_type text/html; }
        location /api/ { proxy_pass http://127.0.0.1:${daemon.port}; proxy_buffering off; }
        ${fill(snippet('002-nginx.conf'), daemon.port)}
        location /stream/ { proxy_pass http://127.0.0.1:${daemon.port};
          ${snippet('003-nginx.conf')} }`, 'types { text/html html; text/javascript js; } charset utf-8;')
    })
    after(async () => {
      await nginx?.stop()
      await browser?.close()
    })

    /**
     * Opens a page of the application with this script. `said` gets what the page writes to the
     * console.
     */
    async function open(name, source, { cookies, define } = {}) {
      writeFileSync(join(directory, `${name}.js`), await bundle(source, define))
      writeFileSync(join(directory, `${name}.html`), html(`/${name}.js`, cookies))
      tab = await browser.page('about:blank')
      said = []
      tab.on('console', (message) => said.push(message.text()))
      tab.on('pageerror', (error) => said.push(`error: ${error.message}`))
      await tab.goto(nginx.url(`/${name}.html`))
      return tab
    }
    const has = (selector, text) => tab.waitForFunction(([where, what]) => document.querySelector(where)?.textContent.includes(what), [selector, text], long)
      .catch((error) => { throw new Error(`${error.message}; the console: ${said.join('; ')}`) })
    const eventually = (condition) => until(condition, { timeout: 30_000, what: String(condition) })
      .catch((error) => { throw new Error(`${error.message}; the console: ${said.join('; ')}`) })
    /** A line of the console may come after the page has shown its effect. */
    const says = (words) => eventually(() => said.some((line) => line.startsWith(words)))
    const streamIsOpen = () => eventually(async () => (await daemon.status()).json.streams === 1)
    afterEach(async () => {
      await tab.close()
      await eventually(async () => (await daemon.status()).json.streams === 0)
      assert.deepEqual(said.filter((line) => line.startsWith('error:')), [])
    })
    const addUser = (email) => stage.cluster.psql(`INSERT INTO example.users (email, name, phone_number, password_hash, role) VALUES ('${email}', 'Nueva', '5213334987900', 'x', 'customer')`)

    test('001: the users page: its connection and its handler show who is created and who is deleted', async () => {
      await open('001', reactPage(`
        function Page() {
          const [users, setUsers] = useState([])
          const [sseConnected, setSseConnected] = useState(false)
          const [newUserDetected, setNewUserDetected] = useState(false)
          const fetchUsers = useCallback(async (showLoading) => setUsers((await (await fetch('/api/users')).json()).data), [])
          ${snippet('001-events.tsx')}
          ${snippet('001-connection.tsx')}
          return <p>{sseConnected ? 'Conectado en tiempo real' : 'Desconectado'} {newUserDetected ? 'nuevo' : ''} {users.map((user) => user.email).join(' ')}</p>
        }`), { cookies: { jwt: people.admin } })
      await has('p', 'Conectado en tiempo real')
      await addUser('nueva@example.org')
      await has('p', 'nueva@example.org')
      await has('p', 'nuevo')
      await says('🔄 Nuevo usuario creado detectado via SSE:')
      await stage.cluster.psql("DELETE FROM example.users WHERE email = 'nueva@example.org'")
      await tab.waitForFunction(() => !document.querySelector('p').textContent.includes('nueva@'), null, long)
      await says('🗑Usuario eliminado detectado via SSE:')
    })

    test('001: the two lines that take the place of polling', async () => {
      await open('001plain', `
        const handleSSEEvent = (event) => { document.getElementById('root').textContent += event.data }
        ${snippet('001-plain.js')}`, { cookies: { jwt: people.admin } })
      await has('#root', '{"type":"connected"}')
      await addUser('otra@example.org')
      await has('#root', '"email": "otra@example.org"')
      await stage.cluster.psql("DELETE FROM example.users WHERE email = 'otra@example.org'")
    })

    test('002: the board, behind the document\'s nginx block: loads anew at each update, and comes back 5 s after a loss', async () => {
      await open('002', reactPage(`
        function Board({ connectSSE }) {
          const [cards, setCards] = useState([])
          const loadWorkOrders = async () => setCards((await (await fetch('/api/workorders')).json()).data)
          ${snippet('002-client.tsx')}
          useEffect(() => { loadWorkOrders() }, [])
          return <p>{cards.map((card) => card.plate + ' ' + card.status).join(', ')}</p>
        }
        function Page() {
          const [turn, setTurn] = useState(0)
          return <><Board key={turn} connectSSE={() => setTurn(turn + 1)}/><i>{turn}</i></>
        }`), { cookies: { jwt: people.mechanic } })
      await has('p', 'XP-456-L')
      // A card on the page does not prove that the stream is open. So the card is changed until the
      // page shows it.
      const showsOnceChanged = async (status) => {
        for (let turn = 0; !(await tab.textContent('p')).includes(status); turn++) {
          assert.ok(turn < 300, said.join('; '))
          await stage.cluster.psql(`UPDATE example.work_orders SET status = '${status}${'_X'.repeat(turn % 2)}' WHERE plate = 'XP-456-L'`)
          await tab.waitForTimeout(100)
        }
      }
      await showsOnceChanged('GETEKEND')
      await daemon.stop()
      await daemon.start()
      await eventually(async () => Number(await tab.textContent('i')) > 0)
      await has('p', 'XP-456-L')
      await showsOnceChanged('AFGELEVERD')
    })

    const number = (value) => stage.cluster.psql(`INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', '123', ${value}, 'red')`)
    // What is committed before the state is read comes as a part of the state. The documents'
    // clients do not show that.
    const untilSeen = (shows) => eventually(async () => (await number(1), await tab.waitForTimeout(100), await shows()) !== '')
    const decrypt = "import { unseal } from 'unseal'\nconst decryptData = (data) => unseal(data, KEY)\n"

    test('003: the hook, behind the document\'s nginx lines: unsealed numbers, the newest first', async () => {
      await open('003', `${snippet('003-hook.jsx')}
        import { createRoot } from 'react-dom/client'
        ${decrypt}
        function Page() {
          const { numbers } = useRouletteStream('123', TOKEN)
          return <p>{numbers.map(({ value, color }) => value + color).join(' ')}</p>
        }
        createRoot(document.getElementById('root')).render(<Page/>)`, { define: { KEY: encryptionKey, TOKEN: people.customer } })
      await untilSeen(() => tab.textContent('p'))
      for (const value of [7, 0, 36]) await number(value)
      await has('p', '36red 0red 7red')
    })

    test('003: the lines for plain JavaScript', async () => {
      await open('003plain', `${decrypt}${snippet('003-vanilla.js').replace('token=...', `token=${people.customer}`)}`, { define: { KEY: encryptionKey } })
      await untilSeen(() => said.filter((line) => line.startsWith('Novo número')).join())
      await number(25)
      await eventually(() => said.includes('Novo número: 25'))
    })

    test('004: My Orders, a page of another origin: list, toast, and back by itself', async () => {
      const [head, effect] = snippet('004-client.tsx').split(/(?=^useEffect)/m)
      writeFileSync(join(directory, 'orders.js'), await bundle(`${head}${reactPage(`
        const toasts = []
        const toast = { info: (text) => toasts.push(text) }
        function Page() {
          const [orders, setOrders] = useState([{ id: ORDER, order_code: 'ORD-A7X3B2', order_status: 'Order Received' }])
          const isAuthenticated = true
          ${effect}
          return <><p>{orders.map((o) => o.order_code + ' ' + o.order_status).join()}</p><i>{toasts.join('|')}</i></>
        }`)}`, { 'import.meta.env.VITE_API_BASE_URL': `http://localhost:${daemon.port}/api`, ORDER: order }))
      tab = await browser.page(pages.origin)
      said = []
      tab.on('console', (message) => said.push(message.text()))
      await tab.evaluate((jwt) => {
        document.cookie = `auth_token=${jwt}`
        document.body.innerHTML = '<div id=root></div>'
        return import('/orders.js')
      }, people.customer)
      await streamIsOpen()
      await stage.cluster.psql(`UPDATE example.orders SET order_status = 'Preparing' WHERE id = '${order}'`)
      await has('p', 'ORD-A7X3B2 Preparing')
      await has('i', 'ORD-A7X3B2 — Preparing')
      await daemon.stop()
      await stage.cluster.psql(`UPDATE example.orders SET order_status = 'Out for Delivery' WHERE id = '${order}'`)
      await daemon.start()
      await has('i', 'ORD-A7X3B2 — Preparing|ORD-A7X3B2 — Out for Delivery')
      await says('SSE connection error, will auto-reconnect...')
    })

  })
})
