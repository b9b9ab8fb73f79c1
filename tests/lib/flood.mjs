// A process that serves one stream: a state of so many rows with uuids, and on the word `go` a
// change of each. On { events, rate } there are so many changes, so many a second, or as many as the
// client takes if rate is 0. Tests that measure a client start it.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { pause } from './wait.mjs'

const count = Number(process.argv[2])
const ids = Array.from({ length: count }, () => randomUUID())
const row = (id, n) => ({ id, n, name: `row ${n} `.padEnd(80, 'x') })
const item = (id, n) => `event: snapshot\ndata: ${JSON.stringify(row(id, n))}\n\n`
const change = (id, n, tick = 6) => `id: ${tick}-${n + 1}\nevent: t.update\ndata: ${JSON.stringify({ op: 'update', table: 'public.t', key: { id }, row: row(id, n + 1), old: { n }, changed: ['n'] })}\n\n`
const state = `retry: 100\nevent: connected\ndata: {}\n\n${ids.map(item).join('')}event: ready\nid: 5-0\ndata: {"items":${count}}\n\n`
const changes = ids.map((id, n) => change(id, n)).join('')

let tick = 6

async function pour(response, { events, rate }) {
  const begun = performance.now(), at = ++tick
  for (let n = 0; n < events; await pause(5)) {
    const due = Math.min(events, rate ? Math.floor(((performance.now() - begun) * rate) / 1000) : n + 500)
    let text = ''
    for (; n < due; n++) text += change(ids[n % count], n, at)
    if (text && !response.write(text)) await once(response, 'drain')
  }
}

const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' })
  response.write(state)
  process.on('message', (said) => (said === 'go' ? response.write(changes) : pour(response, said)))
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
