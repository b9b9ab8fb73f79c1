// What SQL decides beyond claims: who may open a stream, and for how long. It holds on every
// instance, with and without the database.
// run: long
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { closes, flags, lost, openTenure } from '../lib/tenure.mjs'
import { seconds, token } from '../lib/token.mjs'
import { measured, now, until } from '../lib/wait.mjs'

describe('entitlement', { skip: missing(), concurrency: true }, () => {
  let stage, daemon, other, close, behindProxy, note, write, open, statusOf
  before(async () => {
    ;({ stage, daemon, other, close, behindProxy, note, write, open, statusOf } = await openTenure())
  })
  after(() => close?.())

  let fresh = 100
  /** A member that no other test has. */
  const member = () => `m${++fresh}`
  const isServed = (path, claims, status = 200) => until(async () => await statusOf(claims, { path }) === status, { what: `${path} to be served` })

  describe('authorize', { concurrency: 1 }, () => {
    let proxy, behind, client
    before(async () => {
      ;[proxy, behind] = await behindProxy()
      client = await stage.cluster.client()
    })

    test('who the function does not name is refused with 403, and NULL is no', async () => {
      assert.equal(await statusOf({ sub: 'm1' }, { path: '/clubs/a' }), 200)
      assert.equal(await statusOf({ sub: 'nobody' }, { path: '/clubs/a' }), 403)
      assert.equal(await statusOf({ sub: 'm1' }, { path: '/clubs/closed' }), 403)
      const { json, headers } = await request(daemon.url('/clubs/closed'), { headers: { Authorization: `Bearer ${await token({ sub: 'm1' })}` } })
      assert.equal(json.success, false)
      assert.match(headers['content-type'], /^application\/json/)
    })

    test('a change of a table that the stream names ends the streams of whom it concerns, on every instance', async (t) => {
      const stays = await open({ sub: 'm3' }, { path: '/clubs/a' })
      const end = async () => {
        const sub = member()
        const streams = await Promise.all([daemon, other, behind].map((from) => open({ sub }, { path: '/clubs/a', from })))
        const since = now()
        await stage.cluster.psql(`UPDATE members SET active = false WHERE who = '${sub}'; ${note('x')}`)
        await Promise.all(streams.map((stream) => closes(stream, 'forbidden')))
        const took = now() - since
        assert.equal(await statusOf({ sub }, { path: '/clubs/a' }), 403)
        return took
      }
      const took = await measured(t, end, (took) => took < 5000)
      assert.ok(took < 5000, `${took} ms`)
      await until(() => /closed: ended by the server, forbidden, \d+ bytes/.test(daemon.logs()), { what: 'the reason in the log' })
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

    // Waits until so many functions are asked, which sleep for seconds. A session that is open
    // already looks. To start a psql may take a second of those.
    const asked = (path, count = 1) => until(async () => (await client.query(
      `SELECT count(*) >= ${count} AS asked FROM pg_stat_activity WHERE application_name = 'pgherald asker' AND state = 'active'`)).rows[0].asked,
    { what: `a question about ${path}` })

    for (const [what, path, anew] of [['the stream was defined anew', '/turned', '/turned'], ['another stream took its path', '/turn/:way', '/turn/left']]) {
      test(`an answer that was asked for before ${what} lets nobody in`, async () => {
        await stage.cluster.psql(`
          CREATE OR REPLACE FUNCTION is_slowly(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT true FROM pg_sleep(2) $$;
          CREATE OR REPLACE FUNCTION is_nobody(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
          SELECT herald.stream('${path}', '{notes}', authorize => 'public.is_slowly');`)
        const ask = () => statusOf({ sub: 'm1' }, { path: anew })
        await until(async () => await ask() === 200, { what: 'the stream' })
        const waiting = Array.from({ length: 6 }, ask) // more than the daemon asks at once
        await asked(path, 4)
        await client.query(`SELECT herald.stream('${anew}', '{notes}', authorize => 'public.is_nobody')`)
        assert.deepEqual(await Promise.all(waiting), Array(6).fill(403))
      })
    }

    test("who waits for the function's answer is not held up by what concerns others", async (t) => {
      await stage.cluster.psql(`SELECT herald.stream('/slowly', '{notes}', authorize => 'public.is_slowly')`)
      await isServed('/slowly', { sub: 'm1' })
      const ask = async () => {
        let done = false
        const others = (async () => {
          while (!done) await stage.cluster.psql(`SELECT herald.recheck('somebody')`)
        })()
        const since = now()
        const status = await statusOf({ sub: 'm1' }, { path: '/slowly' }).catch(({ message }) => message)
        const took = now() - since
        done = true
        await others
        if (status !== 200) t.diagnostic(`answered with ${status}`) // on a busy machine the function's 5 s may pass
        return status === 200 ? took : Infinity
      }
      const took = await measured(t, ask, (took) => took < 4500)
      assert.ok(took < 4500, `${took} ms`)
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
      await client.query(`UPDATE members SET active = false WHERE who = 'm12'`)
      assert.equal(await waiting, 403)
    })

    test('a token that ends while the function is being asked lets nobody in', async () => {
      assert.equal(await statusOf({ sub: 'm14', exp: seconds() + 2 }, { path: '/slow?seconds=3' }), 401)
    })

    test('a stream that asks for a token meanwhile is not had without one', async () => {
      const define = (anonymous) => client.query(`SELECT herald.stream('/lobby', '{notes}', authorize => 'public.is_slow', anonymous => ${anonymous})`)
      await define(true)
      const ask = async (duration) => {
        const stream = await Subscriber.open(daemon.url(`/lobby?seconds=${duration}`))
        await stream.close()
        return stream.status
      }
      await until(async () => await ask(0) === 200, { what: 'the stream' })
      const waiting = ask(3) // far fewer are needed for what follows, and a busy machine needs some of the 5 s that there are
      await asked('/lobby')
      await define(false)
      assert.equal(await waiting, 401)
    })

    test('a right that ends while the function is being asked ends the stream as soon as any', async (t) => {
      await stage.cluster.psql(`
        CREATE FUNCTION is_late(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
          DECLARE yes boolean := (SELECT active FROM public.members WHERE who = claims ->> 'sub');
          BEGIN PERFORM pg_sleep((SELECT count(*) * 3.5 FROM public.notes WHERE owner = 'late')); RETURN yes; END $$;
        SELECT herald.stream('/late', '{notes}', authorize => 'public.is_late', recheck => '{"public.members": "who"}')`)
      await isServed('/late', { sub: 'm1' })
      const end = async () => {
        const sub = member()
        await stage.cluster.psql(`DELETE FROM notes WHERE owner = 'late'`)
        const stream = await open({ sub }, { path: '/late' })
        await write('late')
        await stage.cluster.psql(`SELECT herald.recheck('${sub}')`)
        await asked('/late')
        const since = now()
        await stage.cluster.psql(`UPDATE members SET active = false WHERE who = '${sub}'`)
        await closes(stream, 'fault') // the function cannot say no in time
        return now() - since
      }
      const took = await measured(t, end, (took) => took < 5000)
      assert.ok(took < 5000, `${took} ms`)
    })

    test('a slow function holds up nobody else', async () => {
      let answered = false
      const slow = Subscriber.open(daemon.url('/slow?seconds=3'), { token: await token({ sub: 'm6' }) }).finally(() => (answered = true))
      await (await open({ sub: 'm7' })).close()
      assert.equal(answered, false)
      const stream = await slow
      assert.equal(stream.status, 200)
      await stream.close()
    })

    test('a function that fails lets nobody in, and one that cannot answer now is asked again later', async () => {
      await stage.cluster.psql(`CREATE FUNCTION is_failing(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN IF params ? 'state' THEN RAISE 'as was asked for' USING ERRCODE = params ->> 'state'; END IF; RETURN true; END $$;
        SELECT herald.stream('/failing', '{notes}', authorize => 'public.is_failing')`)
      await isServed('/failing', { sub: 'm8' })
      const final = ['P0001', '42501', '42703', '22012', '23505', 'P0004']
      const passing = ['25006', '26000', '40001', '40P01', '53200', '53300', '55P03', '57014', '57P03', '58030', '08006']
      for (const state of final) assert.equal(await statusOf({ sub: 'm8' }, { path: `/failing?state=${state}` }), 403, state)
      for (const state of passing) assert.equal(await statusOf({ sub: 'm8' }, { path: `/failing?state=${state}` }), 503, state)
      const headers = { Authorization: `Bearer ${await token({ sub: 'm8' })}` }
      const answer = await request(daemon.url('/failing?state=55P03'), { headers })
      assert.ok(Number(answer.headers['retry-after']) > 0)
      assert.equal(await statusOf({ sub: 'm8' }, { path: '/slow?seconds=x' }), 403)
      assert.equal(await statusOf({ sub: 'm8' }, { path: '/slow?seconds=8' }), 503)
    })

    test('an open stream ends for good by a function that fails, and only for now by one that cannot answer', async () => {
      await stage.cluster.psql(`CREATE FUNCTION is_broken(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN IF EXISTS (SELECT FROM public.notes WHERE owner = params ->> 'state') THEN RAISE 'now' USING ERRCODE = params ->> 'state'; END IF; RETURN true; END $$;
        SELECT herald.stream('/broken', '{notes}', authorize => 'public.is_broken')`)
      await isServed('/broken?state=40001', { sub: 'm8' })
      const streams = await Promise.all(['P0001', '55P03'].map((state) => open({ sub: 'm8' }, { path: `/broken?state=${state}` })))
      for (const state of ['P0001', '55P03']) await write(state)
      await stage.cluster.psql(`SELECT herald.recheck('m8')`)
      await closes(streams[0], 'forbidden')
      await closes(streams[1], 'fault')
    })

    /** Opens a stream that waits for its function. Asks again if there was no room for a moment. */
    async function waits(sub, from) {
      for (;;) {
        const stream = await Subscriber.open(from.url('/slow?seconds=4'), { token: await token({ sub }) })
        if (![429, 503].includes(stream.status)) return stream
        await stream.close()
      }
    }

    test('who waits counts as one of its user\'s streams', async () => {
      const narrow = await stage.addDaemon({ flags: [...flags, '--max-streams-per-user', '2'] })
      const waiting = [1, 2].map(() => waits('m12', narrow))
      await until(async () => await statusOf({ sub: 'm12' }, { path: '/slow?seconds=0', from: narrow }) === 429, { what: 'no room' })
      assert.equal(await statusOf({ sub: 'm13' }, { path: '/slow?seconds=0', from: narrow }), 200)
      for (const stream of await Promise.all(waiting)) {
        assert.equal(stream.status, 200)
        await stream.close()
      }
      await until(async () => await statusOf({ sub: 'm12' }, { path: '/slow?seconds=0', from: narrow }) === 200, { what: 'room again' })
    })

    test('who waits counts as one of the streams of the process', async () => {
      const narrow = await stage.addDaemon({ flags: [...flags, '--max-streams', '3'] })
      const open = await Subscriber.open(narrow.url('/slow?seconds=0'), { token: await token({ sub: 'm14' }) })
      const waiting = [15, 16].map((n) => waits(`m${n}`, narrow))
      await until(async () => await statusOf({ sub: 'm17' }, { path: '/slow?seconds=0', from: narrow }) === 503, { what: 'no room' })
      for (const stream of [open, ...await Promise.all(waiting)]) {
        assert.equal(stream.status, 200)
        await stream.close()
      }
      await until(async () => await statusOf({ sub: 'm17' }, { path: '/slow?seconds=0', from: narrow }) === 200, { what: 'room again' })
    })

    test('a client that leaves while it waits costs nothing', async () => {
      const before = daemon.connections()
      for (let n = 0; n < 20; n++) {
        const stream = new Subscriber(daemon.url('/slow?seconds=4'), { token: await token({ sub: 'm9' }) })
        stream.connect().catch(() => {})
        await until(() => stream.current?.request.socket?.connecting === false, { what: 'a connection' })
        stream.drop()
      }
      // Answered one after the other, four at a time, they would take 20 s.
      await until(async () => daemon.connections() <= before, { timeout: 10_000, what: 'all sockets closed' })
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

    test('an open stream whose right cannot be asked for again is closed, and its client comes back to ask at the gate', async (t) => {
      await stage.cluster.psql(`CREATE FUNCTION is_stuck(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep((SELECT count(*) * 60 FROM public.members m WHERE m.who = claims ->> 'sub' AND NOT m.active)); RETURN true; END $$;
        SELECT herald.stream('/stuck', '{notes}', authorize => 'public.is_stuck')`)
      await isServed('/stuck', { sub: 'm1' })
      const end = async () => {
        const sub = member()
        const stream = await open({ sub }, { path: '/stuck' })
        await stage.cluster.psql(`UPDATE members SET active = false WHERE who = '${sub}'; SELECT herald.recheck('${sub}')`)
        const since = now()
        await closes(stream, 'fault') // which is no no: after `forbidden` no client would ever come back
        return now() - since
      }
      const took = await measured(t, end, (took) => took < 4900)
      assert.ok(took < 4900, `${took} ms: not before the function's own time is over`)
    })
  })

  test('who is held longer than proxies like gets a head and pings, and is let in or closed when the database is back', async () => {
    const [proxy, behind] = await behindProxy()
    await stage.cluster.psql(`SELECT herald.stream(path, '{brief}') FROM unnest('{/passing,/brief}'::text[]) path`)
    await until(async () => (await request(behind.url('/brief'))).status === 401, { what: 'a stream that is defined anew meanwhile' })
    const { json: { ticket } } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${await token({ sub: 'm23' })}` } })
    proxy.cut()
    await lost(behind)
    const brief = { sub: 'm22', exp: seconds() + 10 } // heads come after 4 s, and on a busy machine later
    const asked = [['m20', '/clubs/a'], ['nobody', '/clubs/a'], ['m21', '/stream/multi?paths=/brief,/clubs/a'], ['nobody', '/stream/multi?paths=/clubs/a,/brief'],
      ['m23', `/own?ticket=${ticket}`], ['m22', '/clubs/a', brief], ['m24', '/stream/multi?paths=/clubs/a,/passing']]
    const [yes, no, several, none, ticketed, expired, passing] = await Promise.all(asked.map(async ([sub, path, claims = { sub }]) => {
      const stream = new Subscriber(behind.url(path), { token: path.includes('ticket') ? undefined : await token(claims) })
      return stream.connect({ timeout: 30_000 })
    }))
    await (await Subscriber.open(daemon.url(`/own?ticket=${ticket}`))).close() // which uses the ticket
    await stage.cluster.psql(`SELECT herald.stream('/brief', '{brief}', format => 'message'), herald.unstream('/passing')`)
    for (const stream of [yes, no, several, none, ticketed, expired, passing]) {
      assert.equal(stream.status, 200)
      assert.equal(stream.current.headers['content-type'], 'text/event-stream')
      await stream.when(() => stream.comments.length > 0)
      assert.equal(stream.frames.length, 0)
    }
    await until(() => seconds() > brief.exp, { what: 'the end of a token' })
    proxy.mend()
    await yes.next('connected')
    await write('x')
    await yes.next('notes.insert')
    await several.next('notes.insert', 10_000).catch(() => assert.equal(several.frames.at(-1).name, 'closing')) // unless it came before the new definition
    for (const stream of [no, none]) {
      await closes(stream, 'forbidden')
      assert.equal(stream.frames.length, 1)
    }
    await closes(passing, 'changed')
    for (const stream of [ticketed, expired]) { // clients come back with another token or ticket, but never after `forbidden`
      await closes(stream, 'expired')
      assert.equal(stream.frames.length, 1)
    }
    for (const stream of [yes, several]) await stream.close()
  })
})
