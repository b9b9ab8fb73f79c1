// Requests that two programs could read differently, as bytes: behind a proxy what one of them leaves over is a second request.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { within } from '../lib/wait.mjs'

describe('framing', { skip: missing() }, () => {
  let stage, address
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY);
        SELECT herald.watch('notes');
        SELECT herald.stream('/open', '{notes}', anonymous => true);`),
    })
    const { hostname: host, port } = new URL(stage.daemon.url('/open'))
    address = { host, port: Number(port) }
  })
  after(() => stage?.close())

  /** Sends the bytes; what is answered until `enough` of it is there, or the other side closes. */
  async function exchange(bytes, enough = () => false) {
    const socket = connect(address, () => socket.write(bytes, 'latin1'))
    let answer = ''
    const end = new Promise((resolve, reject) => {
      socket.on('data', (chunk) => (answer += chunk.toString('latin1'), enough(answer) && resolve()))
      socket.on('close', resolve)
      socket.on('error', (error) => error.code === 'ECONNRESET' ? resolve() : reject(error))
    })
    try {
      await within(end, 5000, `an answer to ${JSON.stringify(bytes)}`)
      return answer
    } finally {
      socket.destroy()
    }
  }

  const head = (...lines) => ['GET /open HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n')
  const answers = (text) => text.match(/HTTP\/1\.1 \d+/g) ?? []

  for (const lines of [[], ['Content-Length: 0']]) {
    test(`a request with ${lines.join('|') || 'nothing more'} opens a stream`, async () => {
      const answer = await exchange(head(...lines), (text) => text.includes('event: connected'))
      assert.deepEqual(answers(answer), ['HTTP/1.1 200'])
    })
  }

  for (const [what, ...lines] of [
    ['a length', 'Content-Length: 5'],
    ['two lengths', 'Content-Length: 0', 'Content-Length: 5'],
    ['a transfer coding', 'Transfer-Encoding: chunked'],
    ['a transfer coding and a length', 'Content-Length: 0', 'Transfer-Encoding: chunked'],
    ['a blank in front of the colon', 'Transfer-Encoding : chunked'],
    ['a length that goes on in the next line', 'Content-Length: 0', ' 5'],
    ['a transfer coding that goes on in the next line', 'Transfer-Encoding: chunked', '\t,gzip'],
    ['two hosts', 'Host: b'],
  ]) {
    test(`${what}: 400, and the connection is closed`, async () => {
      const answer = await exchange(head(...lines) + head())
      assert.deepEqual(answers(answer), ['HTTP/1.1 400'])
    })
  }

  // The library takes a line that starts with a NUL or a colon for the end of the head.
  for (const line of ['', '\0X: a', ': a']) {
    test(`behind a refused request nothing is served, with ${JSON.stringify(line)} in its head`, async () => {
      const bytes = ['GET /nowhere HTTP/1.1', 'Host: a', line, head()].join('\r\n')
      assert.deepEqual(answers(await exchange(bytes)), ['HTTP/1.1 404'])
    })
  }
})
