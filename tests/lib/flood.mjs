// A process that serves one stream: a state of so many rows with uuids, and on the word `go` a
// change of each. Tests that measure a client start it.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

const count = Number(process.argv[2])
const ids = Array.from({ length: count }, () => randomUUID())
const row = (id, n) => ({ id, n, name: `row ${n} `.padEnd(80, 'x') })
const item = (id, n) => `event: snapshot\ndata: ${JSON.stringify(row(id, n))}\n\n`
const change = (id, n) => `id: 6-${n + 1}\nevent: t.update\ndata: ${JSON.stringify({ op: 'update', table: 'public.t', key: { id }, row: row(id, n + 1), old: { n }, changed: ['n'] })}\n\n`
const state = `retry: 100\nevent: connected\ndata: {}\n\n${ids.map(item).join('')}event: ready\nid: 5-0\ndata: {"items":${count}}\n\n`
const changes = ids.map(change).join('')

const server = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' })
  response.write(state)
  process.on('message', () => response.write(changes))
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
