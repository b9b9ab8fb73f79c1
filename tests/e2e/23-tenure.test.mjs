// How long an open stream may go on: expiry and renewal, revocation, the application's own word; on every instance.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { Proxy } from '../lib/proxy.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

const flags = ['--jwt-leeway', '0s']

describe('tenure', { skip: missing(), concurrency: true }, () => {
  let stage, daemon, other
  const proxies = []
  before(async () => {
    stage = await openStage({
      daemon: { flags },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        CREATE TABLE members (who text PRIMARY KEY, active boolean NOT NULL);
        INSERT INTO members SELECT 'm' || n, true FROM generate_series(1, 50) n;
        CREATE FUNCTION is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
          $$ SELECT params ->> 'club' <> 'closed' AND EXISTS (SELECT FROM public.members m WHERE m.who = claims ->> 'sub' AND m.active) $$;
        CREATE FUNCTION is_slow(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS
          $$ SELECT true FROM pg_sleep(coalesce((params ->> 'seconds')::float, 0)) $$;
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/message', '{notes}', format => 'message');
        SELECT herald.stream('/store/:store', '{notes}', match => '{"owner": "params.store"}', require => '{"stores": ["params.store"]}');
        SELECT herald.stream('/clubs/:club', '{notes}', authorize => 'public.is_member', recheck => '{"public.members": "who"}');
        SELECT herald.stream('/slow', '{notes}', authorize => 'public.is_slow');`),
    })
    daemon = stage.daemon
    other = await stage.addDaemon({ flags })
  })
  after(async () => {
    await stage?.close()
    for (const proxy of proxies) await proxy.close()
  })

  /** A daemon whose way to the database can be cut. */
  async function behindProxy() {
    const proxy = await Proxy.open(stage.cluster.port)
    proxies.push(proxy)
    return [proxy, await stage.addDaemon({ flags, databaseUrl: stage.cluster.url().replace(`:${stage.cluster.port}/`, `:${proxy.port}/`) })]
  }
  const lost = (daemon) => until(async () => (await daemon.status()).json.status === 'degraded', { what: 'the daemon without database' })

  let last = 0
  const write = (owner) => stage.cluster.psql(`INSERT INTO notes VALUES (${++last}, '${owner}')`)
  const open = async (claims, { path = '/own', from = daemon } = {}) => {
    const stream = await Subscriber.open(from.url(path), { token: await token(claims) })
    if (stream.status === 200) await stream.next('connected')
    return stream
  }
  const statusOf = async (...args) => {
    const stream = await open(...args)
    await stream.close()
    return stream.status
  }
  const reasonOf = (frame) => JSON.parse(frame.data).reason
  async function closes(stream, reason, timeout = 5000) {
    assert.equal(reasonOf(await stream.next('closing', timeout)), reason)
    await stream.ended()
  }
  const renew = async (code, claims, { from = daemon, headers = {} } = {}) => request(from.url('/stream/renew'), {
    method: 'POST', body: JSON.stringify({ stream: code }),
    headers: { Authorization: `Bearer ${await token(claims)}`, 'Content-Type': 'application/json', ...headers },
  })
  const codeOf = async (stream) => JSON.parse((await stream.next('expiring')).data).stream

  describe('expiry', () => {
    test('a stream is told before its token ends, and ends with it', async (t) => {
      const life = async () => {
        const exp = seconds() + 5
        const stream = await open({ sub: 'ann', exp })
        const told = JSON.parse((await stream.next('expiring')).data)
        assert.ok(told.expires_in >= 0 && told.expires_in <= 5, JSON.stringify(told))
        assert.ok(Date.now() < exp * 1000)
        await closes(stream, 'expired', 10_000)
        const late = Date.now() - exp * 1000
        assert.ok(late >= 0, `${late} ms after exp`)
        return late
      }
      const late = await measured(t, life, (late) => late < 1000)
      assert.ok(late < 1000, `${late} ms after exp`)
    })

    test('nothing that is committed later is delivered', async () => {
      const stream = await open({ sub: 'eve', exp: seconds() + 4 })
      const writing = (async () => {
        for (; stream.open; ) await write('eve')
      })()
      await closes(stream, 'expired', 10_000)
      await writing
      assert.equal(stream.frames.at(-1).name, 'closing')
    })

    test('a stream of plain messages is told in its own format', async () => {
      const stream = await open({ sub: 'ann', exp: seconds() + 4 }, { path: '/message' })
      assert.equal((await stream.next('expiring')).event, 'message')
      await closes(stream, 'expired')
    })
  })

  describe('renewal', () => {
    for (const [where, from] of [['this instance', () => daemon], ['another one', () => other]]) {
      test(`a token shown to ${where} lets a stream go on`, async () => {
        const stream = await open({ sub: 'ann', exp: seconds() + 5 })
        const answer = await renew(await codeOf(stream), { sub: 'ann', exp: seconds() + 60 }, { from: from() })
        assert.equal(answer.status, where === 'this instance' ? 200 : 202, answer.text)
        assert.equal(answer.json.success, true)
        const end = Date.now() + 5500
        await until(() => Date.now() > end, { what: 'the former end' })
        await write('ann')
        await stream.next('notes.insert')
        assert.ok(!stream.frames.some((frame) => frame.name === 'closing'))
        await stream.close()
      })
    }

    test('a renewed stream is told again before its new end, by another code', async () => {
      const stream = await open({ sub: 'ann', exp: seconds() + 4 })
      const first = await codeOf(stream)
      assert.equal((await renew(first, { sub: 'ann', exp: seconds() + 6 })).status, 200)
      const second = await codeOf(stream)
      assert.notEqual(first, second)
      assert.equal((await renew(first, { sub: 'ann', exp: seconds() + 60 })).status, 202, 'used up: nobody here has it')
      await closes(stream, 'expired')
    })

    test('a token of somebody else, one with other rights, or one that was revoked renews nothing', async () => {
      const stream = await open({ sub: 'ann', stores: ['s1'], exp: seconds() + 8 }, { path: '/store/s1' })
      const code = await codeOf(stream)
      await stage.cluster.psql(`SELECT herald.revoke(jti => 'stolen')`)
      await until(async () => await statusOf({ sub: 'ann', jti: 'stolen' }) === 401, { timeout: 5000, what: 'the revocation' })
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
      assert.equal((await renew('a'.repeat(64), { sub: 'ann' }, { headers: { Origin: 'https://evil.example' } })).status, 403)
      assert.equal((await request(daemon.url('/stream/renew'), { method: 'POST' })).status, 401)
    })
  })

  describe('revocation', () => {
    let proxy, behind
    before(async () => ([proxy, behind] = await behindProxy()))

    test('of a token ends its streams on every instance, and no other', async () => {
      const mine = await Promise.all([daemon, other, behind].map((from) => open({ sub: 'ann', jti: 'a1' }, { from })))
      const others = await Promise.all([open({ sub: 'ann', jti: 'a2' }), open({ sub: 'bob' }, { from: other })])
      const since = now()
      await stage.cluster.psql(`SELECT herald.revoke(jti => 'a1')`)
      await Promise.all(mine.map((stream) => closes(stream, 'revoked')))
      assert.ok(now() - since < 5000)
      for (const from of [daemon, other]) assert.equal(await statusOf({ sub: 'ann', jti: 'a1' }, { from }), 401)
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
      await stage.cluster.psql(`SELECT herald.revoke(sub => 'gil'), herald.revoke(sub => 'hal', until => now() + interval '4 s')`)
      await until(async () => await statusOf({ sub: 'gil' }) === 401 && await statusOf({ sub: 'hal' }) === 401, { timeout: 5000, what: 'the revocations' })
      await stage.cluster.psql(`DELETE FROM herald.revocations WHERE sub = 'gil'`)
      await until(async () => await statusOf({ sub: 'gil' }) === 200 && await statusOf({ sub: 'hal' }) === 200, { what: 'the pardon' })
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
      await stage.cluster.psql(`SELECT herald.revoke(sub => 'jan'); INSERT INTO notes VALUES (${++last}, 'jan')`)
      assert.ok(stream.open)
      proxy.mend()
      await closes(stream, 'revoked', 10_000)
      assert.equal(stream.events.length, 0, 'what was committed after it did not arrive')
      const late = await stage.addDaemon({ flags })
      assert.equal(await statusOf({ sub: 'jan' }, { from: late }), 401)
    })
  })

  describe('authorize', { concurrency: 1 }, () => {
    let proxy, behind
    before(async () => ([proxy, behind] = await behindProxy()))

    test('who the function does not name is refused with 403, and NULL is no', async () => {
      assert.equal(await statusOf({ sub: 'm1' }, { path: '/clubs/a' }), 200)
      assert.equal(await statusOf({ sub: 'nobody' }, { path: '/clubs/a' }), 403)
      assert.equal(await statusOf({ sub: 'm1' }, { path: '/clubs/closed' }), 403)
      const { json, headers } = await request(daemon.url('/clubs/closed'), { headers: { Authorization: `Bearer ${await token({ sub: 'm1' })}` } })
      assert.equal(json.success, false)
      assert.match(headers['content-type'], /^application\/json/)
    })

    test('a change of a table that the stream names ends the streams of whom it concerns, on every instance', async () => {
      const streams = await Promise.all([daemon, other, behind].map((from) => open({ sub: 'm2' }, { path: '/clubs/a', from })))
      const stays = await open({ sub: 'm3' }, { path: '/clubs/a' })
      const since = now()
      await stage.cluster.psql(`UPDATE members SET active = false WHERE who = 'm2'; INSERT INTO notes VALUES (${++last}, 'x')`)
      await Promise.all(streams.map((stream) => closes(stream, 'forbidden')))
      assert.ok(now() - since < 5000)
      await until(() => /closed: ended by the server, forbidden, \d+ bytes/.test(daemon.logs()), { what: 'the reason in the log' })
      assert.equal(await statusOf({ sub: 'm2' }, { path: '/clubs/a' }), 403)
      await stays.next('notes.insert')
      await stays.close()
    })

    test('the application may say by itself whom to ask again', async () => {
      await stage.cluster.psql(`CREATE OR REPLACE FUNCTION is_slow(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS
        $$ SELECT claims ->> 'sub' <> 'out' FROM pg_sleep(coalesce((params ->> 'seconds')::float, 0)) $$`)
      const streams = await Promise.all(['m4', 'm5'].map((sub) => open({ sub }, { path: '/slow' })))
      await stage.cluster.psql(`CREATE OR REPLACE FUNCTION is_slow(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS
        $$ SELECT params ->> 'seconds' IS NOT NULL FROM pg_sleep(coalesce((params ->> 'seconds')::float, 0)) $$; SELECT herald.recheck('m4')`)
      await closes(streams[0], 'forbidden')
      assert.ok(streams[1].open)
      await stage.cluster.psql('SELECT herald.recheck()')
      await closes(streams[1], 'forbidden')
    })

    const asked = (path, count = 1) => until(async () => await stage.cluster.psql(
      `SELECT count(*) >= ${count} FROM pg_stat_activity WHERE application_name = 'pgherald asker' AND state = 'active'`) === 't',
    { timeout: 15_000, what: `a question about ${path}` })

    for (const [what, path, anew] of [['the stream was defined anew', '/turned', '/turned'], ['another stream took its path', '/turn/:way', '/turn/left']]) {
      test(`an answer that was asked for before ${what} lets nobody in`, async () => {
        await stage.cluster.psql(`
          CREATE OR REPLACE FUNCTION is_slowly(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true FROM pg_sleep(2) $$;
          CREATE OR REPLACE FUNCTION is_nobody(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
          SELECT herald.stream('${path}', '{notes}', authorize => 'public.is_slowly');`)
        const ask = () => statusOf({ sub: 'm1' }, { path: anew })
        await until(async () => await ask() === 200, { what: 'the stream' })
        const waiting = Array.from({ length: 6 }, ask) // more than are asked at once
        await asked(path, 4)
        await stage.cluster.psql(`SELECT herald.stream('${anew}', '{notes}', authorize => 'public.is_nobody')`)
        assert.deepEqual(await Promise.all(waiting), Array(6).fill(403))
      })
    }

    test("who waits for the function's answer is not held up by what concerns others", async () => {
      await stage.cluster.psql(`SELECT herald.stream('/slowly', '{notes}', authorize => 'public.is_slowly')`)
      let done = false
      const others = (async () => {
        while (!done) await stage.cluster.psql(`SELECT herald.recheck('somebody')`)
      })()
      const since = now()
      const status = await statusOf({ sub: 'm1' }, { path: '/slowly' }).catch(({ message }) => message)
      done = true
      await others
      assert.equal(status, 200)
      assert.ok(now() - since < 4500, `${now() - since} ms`)
    })

    test('a right that ends while it is being asked for lets nobody in', async () => {
      await stage.cluster.psql(`
        CREATE FUNCTION is_still(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
          DECLARE yes boolean := (SELECT active FROM public.members WHERE who = claims ->> 'sub');
          BEGIN PERFORM pg_sleep(2); RETURN yes; END $$;
        SELECT herald.stream('/still', '{notes}', authorize => 'public.is_still', recheck => '{"public.members": "who"}')`)
      await until(async () => await statusOf({ sub: 'm12' }, { path: '/still' }) === 200, { what: 'the stream' })
      const waiting = statusOf({ sub: 'm12' }, { path: '/still' })
      await asked('/still')
      await stage.cluster.psql(`UPDATE members SET active = false WHERE who = 'm12'`)
      assert.equal(await waiting, 403)
    })

    test('a token that ends while the function is being asked lets nobody in', async () => {
      assert.equal(await statusOf({ sub: 'm14', exp: seconds() + 2 }, { path: '/slow?seconds=3' }), 401)
    })

    test('a stream that asks for a token meanwhile is not had without one', async () => {
      const define = (anonymous) => stage.cluster.psql(`SELECT herald.stream('/lobby', '{notes}', authorize => 'public.is_slow', anonymous => ${anonymous})`)
      await define(true)
      const ask = async (duration) => {
        const stream = await Subscriber.open(daemon.url(`/lobby?seconds=${duration}`))
        await stream.close()
        return stream.status
      }
      await until(async () => await ask(0) === 200, { what: 'the stream' })
      const waiting = ask(1)
      await asked('/lobby')
      await define(false)
      assert.equal(await waiting, 401)
    })

    test('a right that ends while the function is being asked ends the stream as soon as any', async () => {
      await stage.cluster.psql(`
        CREATE FUNCTION is_late(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
          DECLARE yes boolean := (SELECT active FROM public.members WHERE who = claims ->> 'sub');
          BEGIN PERFORM pg_sleep((SELECT count(*) * 3.5 FROM public.notes WHERE owner = 'late')); RETURN yes; END $$;
        SELECT herald.stream('/late', '{notes}', authorize => 'public.is_late', recheck => '{"public.members": "who"}')`)
      const stream = await until(async () => {
        const one = await open({ sub: 'm11' }, { path: '/late' })
        return one.status === 200 && one
      }, { what: 'the stream' })
      await write('late')
      await stage.cluster.psql(`SELECT herald.recheck('m11')`)
      await asked('/late')
      const since = now()
      await stage.cluster.psql(`UPDATE members SET active = false WHERE who = 'm11'`)
      await closes(stream, 'forbidden', 9000)
      assert.ok(now() - since < 5000, `${now() - since} ms`)
    })

    test('a slow function holds up nobody else', async () => {
      const slow = Subscriber.open(daemon.url('/slow?seconds=4'), { token: await token({ sub: 'm6' }) })
      const since = now()
      await (await open({ sub: 'm7' })).close()
      assert.ok(now() - since < 3000)
      const stream = await slow
      assert.equal(stream.status, 200)
      await stream.close()
    })

    test('a function that fails, or takes too long, lets nobody in', async () => {
      assert.equal(await statusOf({ sub: 'm8' }, { path: '/slow?seconds=x' }), 403)
      assert.equal(await statusOf({ sub: 'm8' }, { path: '/slow?seconds=8' }), 403)
    })

    test('who waits counts as one of its user\'s streams', async () => {
      const narrow = await stage.addDaemon({ flags: [...flags, '--max-streams-per-user', '2'] })
      const waiting = [1, 2].map(async () => Subscriber.open(narrow.url('/slow?seconds=3'), { token: await token({ sub: 'm12' }) }))
      await until(async () => await statusOf({ sub: 'm12' }, { path: '/slow?seconds=0', from: narrow }) === 429, { what: 'no room' })
      assert.equal(await statusOf({ sub: 'm13' }, { path: '/slow?seconds=0', from: narrow }), 200)
      for (const stream of await Promise.all(waiting)) {
        assert.equal(stream.status, 200)
        await stream.close()
      }
      await until(async () => await statusOf({ sub: 'm12' }, { path: '/slow?seconds=0', from: narrow }) === 200, { what: 'room again' })
    })

    test('a client that leaves while it waits costs nothing', async () => {
      const before = await daemon.openFiles()
      for (let n = 0; n < 20; n++) {
        const stream = new Subscriber(daemon.url('/slow?seconds=2'), { token: await token({ sub: 'm9' }) })
        stream.connect().catch(() => {})
        await until(() => stream.current?.request.socket?.connecting === false, { timeout: 2000, what: 'a connection' })
        stream.drop()
      }
      await until(async () => await daemon.openFiles() <= before + 4, { timeout: 1500, what: 'all sockets closed' })
    })

    test('while the database is away a request is held, and answered when it is back', async () => {
      proxy.cut()
      await lost(behind)
      const yes = Subscriber.open(behind.url('/clubs/a'), { token: await token({ sub: 'm10' }) })
      const no = Subscriber.open(behind.url('/clubs/a'), { token: await token({ sub: 'nobody' }) })
      const first = await Promise.race([yes, no, new Promise((resolve) => setTimeout(resolve, 500, 'held'))])
      assert.equal(first, 'held')
      proxy.mend()
      const stream = await yes
      assert.equal(stream.status, 200)
      await stream.next('connected')
      assert.equal((await no).status, 403)
      await stream.close()
    })

    test('an open stream whose right cannot be asked for again is closed', async () => {
      const stream = await open({ sub: 'm11' }, { path: '/slow?seconds=0' })
      await stage.cluster.psql(`CREATE OR REPLACE FUNCTION is_slow(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS
        $$ SELECT true FROM pg_sleep(60) $$; SELECT herald.recheck('m11')`)
      const since = now()
      await closes(stream, 'forbidden', 6000)
      assert.ok(now() - since < 4900, 'before the function\'s own time is over')
    })
  })
  test('who is held longer than proxies like gets a head and pings, and is let in or closed when the database is back', async () => {
    const [proxy, behind] = await behindProxy()
    await stage.cluster.psql(`SELECT herald.stream(path, '{brief}') FROM unnest('{/passing,/brief}'::text[]) path`)
    await until(async () => (await request(behind.url('/brief'))).status === 401, { what: 'a stream that is defined anew meanwhile' })
    const { json: { ticket } } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${await token({ sub: 'm23' })}` } })
    proxy.cut()
    await lost(behind)
    const brief = { sub: 'm22', exp: seconds() + 5 }
    const asked = [['m20', '/clubs/a'], ['nobody', '/clubs/a'], ['m21', '/stream/multi?paths=/brief,/clubs/a'], ['nobody', '/stream/multi?paths=/clubs/a,/brief'],
      ['m23', `/own?ticket=${ticket}`], ['m22', '/clubs/a', brief], ['m24', '/stream/multi?paths=/clubs/a,/passing']]
    const [yes, no, several, none, ticketed, expired, passing] = await Promise.all(asked.map(async ([sub, path, claims = { sub }]) => {
      const stream = new Subscriber(behind.url(path), { token: path.includes('ticket') ? undefined : await token(claims) })
      return stream.connect({ timeout: 15_000 })
    }))
    await (await Subscriber.open(daemon.url(`/own?ticket=${ticket}`))).close() // so it is used
    await stage.cluster.psql(`SELECT herald.stream('/brief', '{brief}', format => 'message'), herald.unstream('/passing')`)
    for (const stream of [yes, no, several, none, ticketed, expired, passing]) {
      assert.equal(stream.status, 200)
      assert.equal(stream.current.headers['content-type'], 'text/event-stream')
      await stream.when(() => stream.comments.length > 0)
      assert.equal(stream.frames.length, 0)
    }
    proxy.mend()
    await yes.next('connected', 10_000)
    await write('x')
    await yes.next('notes.insert')
    await several.next('notes.insert', 10_000).catch(() => assert.equal(several.frames.at(-1).name, 'closing')) // it came before the new definition
    for (const stream of [no, none]) {
      await closes(stream, 'forbidden')
      assert.equal(stream.frames.length, 1)
    }
    await closes(passing, 'changed')
    for (const stream of [ticketed, expired]) { // clients come back with another one, but never after `forbidden`
      await closes(stream, 'expired')
      assert.equal(stream.frames.length, 1)
    }
    for (const stream of [yes, several]) await stream.close()
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
    await until(async () => (await behind.status()).json.status === 'degraded', { timeout: 15_000, what: 'the daemon without database' })
    await stage.cluster.psql(`SELECT herald.revoke(sub => 'kim')`)
    await until(async () => {
      await stage.cluster.psql(`INSERT INTO notes VALUES (1); SELECT herald.prune('0 s')`)
      return await stage.cluster.psql(`SELECT count(*) FROM herald.changes WHERE topic = '!gate'`) === '0'
    }, { timeout: 10_000, what: 'the log without the revocation' })
    proxy.mend()
    assert.equal(JSON.parse((await stream.next('closing', 10_000)).data).reason, 'revoked')
  } finally {
    await stage.close()
    await proxy.close()
  }
})
