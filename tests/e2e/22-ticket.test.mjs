// Tickets. A client gets one for a token. It is good for one stream, once, on any instance, for the
// subject and the origin that asked for it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const refusal = '{"success":false,"errors":["Not authorized, token failed"]}'

describe('tickets', { skip: missing() }, () => {
  let stage, daemon, other
  before(async () => {
    stage = await openStage({
      daemon: { flags: ['--allowed-origins', 'https://app.example'] },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
    })
    daemon = stage.daemon
    other = await stage.addDaemon({ flags: ['--allowed-origins', 'https://app.example'] })
  })
  after(() => stage?.close())

  const ask = async (options = {}, claims = { sub: 'ann' }) => request(daemon.url('/stream/ticket'), {
    method: 'POST', ...options, headers: { Authorization: `Bearer ${await token(claims)}`, ...options.headers },
  })
  const got = async (...args) => (await ask(...args)).json.ticket
  async function open(ticket, { from = daemon, headers = {} } = {}) {
    const stream = await Subscriber.open(from.url(`/own?ticket=${ticket}`), { headers })
    if (stream.status !== 200) await stream.close()
    return stream
  }
  async function statusOf(ticket, options) {
    const stream = await open(ticket, options)
    await stream.close()
    return stream.status
  }

  test('a ticket is given for a token, and opens the stream of its owner', async () => {
    const answer = await ask()
    assert.equal(answer.status, 201)
    assert.deepEqual(Object.keys(answer.json), ['ticket', 'expires_in'])
    assert.equal(answer.json.expires_in, 30)
    assert.match(answer.headers['content-type'], /^application\/json/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    const stream = await open(answer.json.ticket)
    assert.equal(stream.status, 200)
    await stream.next('connected')
    await stage.cluster.psql(`INSERT INTO notes VALUES (1, 'bob'), (2, 'ann')`)
    assert.equal(JSON.parse((await stream.next('notes.insert')).data).row.id, 2)
    assert.equal(stream.events.length, 1)
    await stream.close()
  })

  test('a ticket may be taken with a cookie too, and resumes like a token', async () => {
    const first = await open(await got())
    const connected = await first.next('connected')
    await first.close()
    await stage.cluster.psql(`INSERT INTO notes VALUES (10, 'ann')`)
    const { json } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Cookie: `jwt=${await token({ sub: 'ann' })}` } })
    const again = await open(json.ticket, { headers: { 'Last-Event-ID': connected.id } })
    assert.equal(JSON.parse((await again.next('notes.insert')).data).row.id, 10)
    await again.close()
  })

  test('it is good once', async () => {
    const ticket = await got()
    assert.equal(await statusOf(ticket), 200)
    const { status, text, headers } = await request(daemon.url(`/own?ticket=${ticket}`))
    assert.equal(status, 401)
    assert.equal(text, refusal)
    assert.match(headers['www-authenticate'], /^Bearer/)
  })

  test('on another instance as well, and of two that race one gets it', async () => {
    assert.equal(await statusOf(await got(), { from: other }), 200)
    for (let round = 0; round < 10; round++) {
      const ticket = await got()
      const statuses = await Promise.all([daemon, other, daemon, other].map((from) => statusOf(ticket, { from })))
      assert.deepEqual(statuses.sort(), [200, 401, 401, 401])
    }
  })

  test('it is good for 30 s', async () => {
    const ticket = await got()
    await stage.cluster.psql(`UPDATE herald.tickets SET expires = expires - interval '30 s'`)
    assert.equal(await statusOf(ticket), 401)
  })

  test('a page of another origin cannot use it', async () => {
    const app = { Origin: 'https://app.example' }
    assert.equal(await statusOf(await got({ headers: app }), { headers: app }), 200)
    assert.equal(await statusOf(await got({ headers: app }), { headers: { Origin: 'https://evil.example' } }), 401)
    assert.equal(await statusOf(await got({ headers: app }), { headers: { 'Sec-Fetch-Site': 'cross-site' } }), 401)
    assert.equal(await statusOf(await got(), { headers: app }), 401, 'asked for without an origin')
    const own = { Origin: `http://127.0.0.1:${daemon.port}` }
    assert.equal(await statusOf(await got({ headers: own }), { headers: { 'Sec-Fetch-Site': 'same-origin' } }), 200, 'EventSource of the own origin sends none')
  })

  test('a page of an origin that is not allowed gets none, whatever cookie it makes the browser send', async () => {
    for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'https://app.example.evil' }, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
      const { status, json } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Cookie: `jwt=${await token({ sub: 'ann' })}`, ...headers } })
      assert.equal(status, 403, JSON.stringify(headers))
      assert.equal(json.success, false)
    }
    const { headers } = await ask({ headers: { Origin: 'https://app.example' } })
    assert.equal(headers['access-control-allow-origin'], 'https://app.example')
    assert.equal(headers['access-control-allow-credentials'], 'true')
    assert.match(headers.vary, /Origin/)
  })

  test('without a good token there is none; not with one in the URL, nor with a ticket', async () => {
    const good = await token({ sub: 'ann' })
    for (const [url, headers] of [['/stream/ticket', {}], ['/stream/ticket', { Authorization: `Bearer ${good.slice(0, -4)}AAAA` }],
      [`/stream/ticket?token=${good}`, {}], [`/stream/ticket?ticket=${await got()}`, {}]]) {
      const { status, text } = await request(daemon.url(url), { method: 'POST', headers })
      assert.equal(status, 401, url.slice(0, 30))
      assert.equal(text, refusal)
    }
  })

  test('what is no ticket is refused without asking the database', async () => {
    const good = await got()
    for (const ticket of ['x', good.slice(1), `${good}0`, good.toUpperCase(), good.replace(/./, 'g'), '%20', `${good}%00`]) {
      assert.ok([400, 401].includes(await statusOf(ticket)), ticket)
    }
    assert.equal(await statusOf(good), 200)
  })

  test('a ticket decides before a cookie', async () => {
    const stream = await open(await got(), { headers: { Cookie: `jwt=${await token({ sub: 'bob' })}` } })
    await stream.next('connected')
    await stage.cluster.psql(`INSERT INTO notes VALUES (20, 'bob'), (21, 'ann')`)
    assert.equal(JSON.parse((await stream.next('notes.insert')).data).row.id, 21)
    await stream.close()
  })

  test('a token that has ended or was revoked meanwhile takes its tickets with it', async () => {
    const short = await got({}, { sub: 'carl', exp: seconds() - 10 }) // the leeway is 30 s
    const revoked = await got({}, { sub: 'dora', jti: 'd1' })
    await stage.cluster.psql(`SELECT herald.revoke(jti => 'd1')`)
    await until(async () => (await ask({}, { sub: 'dora', jti: 'd1' })).status === 401, { what: 'the revocation' })
    assert.equal(await statusOf(revoked), 401)
    assert.equal((await ask({}, { sub: 'carl', exp: seconds() - 31 })).status, 401, 'an ended token')
    await stage.cluster.psql(`UPDATE herald.tickets SET identity = jsonb_set(identity, '{ends}', '1000') WHERE sub = 'carl'`)
    assert.equal(await statusOf(short), 401)
  })

  test('an unused ticket in the database is a hash only', async () => {
    const ticket = await got()
    const dump = await stage.cluster.psql(`SELECT * FROM herald.tickets`)
    assert.ok(!JSON.stringify(dump).includes(ticket))
    assert.ok(!daemon.logs().includes(ticket))
  })

  test('other methods than POST are 405', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { status, headers } = await request(daemon.url('/stream/ticket'), { method })
      assert.equal(status, 405)
      assert.match(headers.allow, /POST/)
    }
  })
})
