// How long an open stream may go on. Expiry, renewal and revocation, on every instance.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { closes, flags, lost, openTenure } from '../lib/tenure.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

describe('tenure', { skip: missing(), concurrency: true }, () => {
  let stage, daemon, other, close, behindProxy, note, write, open, openFor, statusOf, renew
  before(async () => {
    ;({ stage, daemon, other, close, behindProxy, note, write, open, openFor, statusOf, renew } = await openTenure())
  })
  after(() => close?.())

  const codeOf = async (stream) => JSON.parse((await stream.next('expiring')).data).stream

  describe('expiry', () => {
    test('a stream is told before its token ends, and ends with it', async (t) => {
      const life = async () => {
        const exp = seconds() + 5
        const stream = await open({ sub: 'ann', exp })
        if (stream.status !== 200) return Infinity // the answer took longer than the token lives
        const told = JSON.parse((await stream.next('expiring')).data)
        const early = Date.now() < exp * 1000
        assert.ok(told.expires_in >= 0 && told.expires_in <= 5, JSON.stringify(told))
        await closes(stream, 'expired')
        const late = Date.now() - exp * 1000
        assert.ok(late >= 0, `${late} ms after exp`)
        return early ? late : Infinity
      }
      const late = await measured(t, life, (late) => late < 1000)
      assert.ok(late < 1000, `${late} ms after exp`)
    })

    test('nothing that is committed later is delivered', async () => {
      const stream = await openFor(6, { sub: 'eve' })
      const writing = (async () => {
        for (; stream.open; ) await write('eve')
      })()
      await closes(stream, 'expired')
      await writing
      assert.equal(stream.frames.at(-1).name, 'closing')
    })

    test('a stream of plain messages is told in its own format', async () => {
      const stream = await openFor(6, { sub: 'ann' }, { path: '/message' })
      assert.equal((await stream.next('expiring')).event, 'message')
      await closes(stream, 'expired')
    })
  })

  describe('renewal', () => {
    for (const [where, from] of [['this instance', () => daemon], ['another one', () => other]]) {
      test(`a token shown to ${where} lets a stream go on`, async () => {
        const stream = await openFor(7, { sub: 'ann' })
        const answer = await renew(await codeOf(stream), { sub: 'ann', exp: seconds() + 60 }, { from: from() })
        assert.equal(answer.status, where === 'this instance' ? 200 : 202, answer.text)
        assert.equal(answer.json.success, true)
        const end = Date.now() + 7500
        await until(() => Date.now() > end, { what: 'the former end' })
        await write('ann')
        await stream.next('notes.insert')
        assert.ok(!stream.frames.some((frame) => frame.name === 'closing'))
        await stream.close()
      })
    }

    test('a renewed stream is told again before its new end, by another code', async () => {
      const stream = await openFor(6, { sub: 'ann' })
      const first = await codeOf(stream)
      assert.equal((await renew(first, { sub: 'ann', exp: seconds() + 10 })).status, 200)
      const second = await codeOf(stream)
      assert.notEqual(first, second)
      assert.equal((await renew(first, { sub: 'ann', exp: seconds() + 60 })).status, 202, 'used up: nobody here has it')
      await closes(stream, 'expired')
    })

    test('a token of somebody else, one with other rights, or one that was revoked renews nothing', async () => {
      const stream = await openFor(10, { sub: 'ann', stores: ['s1'] }, { path: '/store/s1' })
      const code = await codeOf(stream)
      await stage.cluster.psql(`SELECT herald.revoke(jti => 'stolen')`)
      await until(async () => await statusOf({ sub: 'ann', jti: 'stolen' }) === 401, { what: 'the revocation' })
      const refused = await renew(code, { sub: 'bob', stores: ['s1'] })
      assert.deepEqual([refused.status, refused.json.errors], [403, ['Not allowed to renew this stream']])
      assert.equal((await renew(code, { sub: 'ann', stores: ['s2'] })).status, 403)
      assert.equal((await renew(code, { sub: 'ann' })).status, 403)
      assert.equal((await renew(code, { sub: 'ann', stores: ['s1'], jti: 'stolen' })).status, 401)
      await closes(stream, 'expired')
    })

    test('what is no code, or comes from a foreign page, is refused', async () => {
      for (const body of ['', '{}', '[]', '{"stream":7}', '{"stream":"x"}', '{"stream":"' + 'a'.repeat(64) + '"', 'null']) {
        const answer = await request(daemon.url('/stream/renew'), {
          method: 'POST', body, headers: { Authorization: `Bearer ${await token({ sub: 'ann' })}`, 'Content-Type': 'application/json' },
        })
        assert.equal(answer.status, 400, body)
        assert.equal(answer.json.success, false)
      }
      const foreign = { Cookie: `jwt=${await token({ sub: 'ann' })}`, Origin: 'https://evil.example', 'Content-Type': 'application/json' }
      const answer = await request(daemon.url('/stream/renew'), { method: 'POST', body: `{"stream":"${'a'.repeat(64)}"}`, headers: foreign })
      assert.equal(answer.status, 403)
      assert.equal((await request(daemon.url('/stream/renew'), { method: 'POST' })).status, 401)
    })
  })

  describe('revocation', () => {
    let proxy, behind
    before(async () => ([proxy, behind] = await behindProxy()))

    test('of a token ends its streams on every instance, and no other', async (t) => {
      const others = await Promise.all([open({ sub: 'ann', jti: 'a0' }), open({ sub: 'bob' }, { from: other })])
      let times = 0
      const revoke = async () => {
        const jti = `a${++times}`
        const mine = await Promise.all([daemon, other, behind].map((from) => open({ sub: 'ann', jti }, { from })))
        const since = now()
        await stage.cluster.psql(`SELECT herald.revoke(jti => '${jti}')`)
        await Promise.all(mine.map((stream) => closes(stream, 'revoked')))
        const took = now() - since
        for (const from of [daemon, other]) assert.equal(await statusOf({ sub: 'ann', jti }, { from }), 401)
        return took
      }
      const took = await measured(t, revoke, (took) => took < 5000)
      assert.ok(took < 5000, `${took} ms`)
      await write('ann')
      await write('bob')
      for (const stream of others) {
        await stream.next('notes.insert')
        await stream.close()
      }
    })

    test('of a subject ends what was issued before, and nothing issued later', async () => {
      const old = [await open({ sub: 'fay', iat: seconds() - 60 }), await open({ sub: 'fay' }, { from: other })]
      await stage.cluster.psql(`SELECT herald.revoke(sub => 'fay', until => now() + interval '1 hour')`)
      await Promise.all(old.map((stream) => closes(stream, 'revoked')))
      assert.equal(await statusOf({ sub: 'fay', iat: seconds() - 60 }), 401)
      assert.equal(await statusOf({ sub: 'fay' }), 401, 'one that does not say when it was issued')
      await until(async () => await statusOf({ sub: 'fay', iat: seconds() }) === 200, { what: 'a new login' })
    })

    test('that is taken back, or whose time has passed, counts no more', async () => {
      await stage.cluster.psql(`SELECT herald.revoke(sub => 'gil'), herald.revoke(sub => 'hal', until => now() + interval '10 s')`)
      await until(async () => await statusOf({ sub: 'gil' }) === 401 && await statusOf({ sub: 'hal' }) === 401, { what: 'the revocations' })
      await stage.cluster.psql(`DELETE FROM herald.revocations WHERE sub = 'gil'`)
      await until(async () => await statusOf({ sub: 'gil' }) === 200 && await statusOf({ sub: 'hal' }) === 200, { timeout: 60_000, what: 'the pardon' })
    })

    test('that is rolled back is none', async () => {
      const stream = await open({ sub: 'ida' })
      await stage.cluster.psql(`BEGIN; SELECT herald.revoke(sub => 'ida'); ROLLBACK`)
      await write('ida')
      await stream.next('notes.insert')
      await stream.close()
    })

    test('counts for a daemon that starts later, and one that was away from the database', async () => {
      const stream = await open({ sub: 'jan' }, { from: behind })
      proxy.cut()
      await lost(behind)
      await stage.cluster.psql(`SELECT herald.revoke(sub => 'jan'); ${note('jan')}`)
      assert.ok(stream.open)
      proxy.mend()
      await closes(stream, 'revoked')
      assert.equal(stream.events.length, 0, 'what was committed after it did not arrive')
      const late = await stage.addDaemon({ flags })
      assert.equal(await statusOf({ sub: 'jan' }, { from: late }), 401)
    })
  })
})

test('a revocation that the log has forgotten ends the streams of a daemon that comes back to the database', { skip: missing() }, async () => {
  const stage = await openStage({
    prepare: (cluster) => cluster.psql(`CREATE TABLE notes (id int); SELECT herald.watch('notes'); SELECT herald.stream('/all', '{notes}');`),
  })
  const proxy = await Proxy.open(stage.cluster.port)
  try {
    const behind = await stage.addDaemon({ databaseUrl: stage.cluster.url().replace(`:${stage.cluster.port}/`, `:${proxy.port}/`) })
    const stream = await behind.subscribe('/all', { token: await token({ sub: 'kim' }) })
    await stream.next('connected')
    proxy.cut()
    await until(async () => (await behind.status()).json.status === 'degraded', { what: 'the daemon without database' })
    await stage.cluster.psql(`SELECT herald.revoke(sub => 'kim')`)
    await until(async () => {
      await stage.cluster.psql(`INSERT INTO notes VALUES (1); SELECT herald.prune('0 s')`)
      return await stage.cluster.psql(`SELECT count(*) FROM herald.changes WHERE topic = '!gate'`) === '0'
    }, { what: 'the log without the revocation' })
    proxy.mend()
    assert.equal(JSON.parse((await stream.next('closing')).data).reason, 'revoked')
  } finally {
    await stage.close()
    await proxy.close()
  }
})
