// The database side of trust. A daemon under the role with the least rights does all that it does
// under any other. A hostile role of the same database can do almost nothing to the streams.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, program } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { secret, token } from '../lib/token.mjs'
import { measured, median, now, until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE SCHEMA app;
  CREATE TABLE app.notes (id int PRIMARY KEY, owner text);
  CREATE TABLE app.members (who text PRIMARY KEY, active boolean NOT NULL);
  INSERT INTO app.members VALUES ('ann', true), ('bob', true);
  CREATE FUNCTION app.is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT EXISTS (SELECT FROM app.members m WHERE m.who = claims ->> 'sub' AND m.active) $$;
  REVOKE ALL ON FUNCTION app.is_member FROM PUBLIC;
  SELECT herald.watch('app.notes', audience => '{owner}');
  SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/club', '{notes}', authorize => 'app.is_member', recheck => '{"app.members": "who"}');
  CREATE ROLE least LOGIN;
  SELECT herald.grant_daemon('least');
  CREATE ROLE hostile LOGIN;`)

let stage, cluster, last = 0
const write = async (owner = 'ann') => {
  await cluster.psql(`INSERT INTO app.notes VALUES (${++last}, '${owner}')`)
  return last
}
const open = async (from, claims = { sub: 'ann' }, { path = '/own', lastEventId } = {}) => {
  const stream = await Subscriber.open(from.url(path), { token: await token(claims), lastEventId })
  if (stream.status === 200) await stream.next('connected')
  return stream
}
const statusOf = async (...args) => {
  const stream = await open(...args)
  await stream.close()
  return stream.status
}
const arrives = async (stream, id) => {
  const frame = await stream.next('notes.insert')
  assert.equal(JSON.parse(frame.data).row.id, id)
  return frame
}
const closes = async (stream, reason) => {
  assert.equal(JSON.parse((await stream.next('closing')).data).reason, reason)
  await stream.ended()
}
before(async () => {
  if (missing()) return
  stage = await openStage({ prepare, daemon: false })
  cluster = stage.cluster
})
after(() => stage?.close())

const poll = 1000
const start = (flags = []) => stage.addDaemon({ databaseUrl: cluster.url(undefined, 'least'), flags: ['--poll-interval', `${poll}ms`, ...flags] })

describe('under the role with the least rights', { skip: missing() }, () => {
  let daemon, other
  before(async () => {
    daemon = await start()
    other = await start()
  })
  after(async () => {
    for (const each of [daemon, other]) await each.stop()
    for (const each of stage.daemons) assert.doesNotMatch(each.logs(), /permission denied (?!for (schema app|function is_member|table members))/)
  })

  test('a role that was given nothing is told what it lacks', async () => {
    const args = ['serve', '--database-url', cluster.url(undefined, 'hostile'), '--listen', `127.0.0.1:${await processes.freePort()}`, '--admin-listen', '', '--jwt-secret', secret]
    const child = processes.start(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.on('data', (chunk) => (log += chunk))
    await until(() => /permission denied for schema herald, let its owner run SELECT herald\.grant_daemon\('hostile'\)/.test(log), { what: 'what to do about it' })
      .finally(() => child.kill('SIGKILL'))
    await child.exited
  })

  test('changes arrive live, and what was missed from the database, at each instance', async () => {
    const streams = [await open(daemon), await open(other)]
    const roles = () => cluster.psql("SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name LIKE 'pgherald%'")
    await until(async () => (await roles()) === 'least', { what: "nobody's sessions but those of the least role" }) // a session that was killed leaves by itself
    const first = await write()
    const [{ id }] = await Promise.all(streams.map((stream) => arrives(stream, first)))
    await Promise.all(streams.map((stream) => stream.close()))
    const second = await write()
    const late = await start()
    for (const [lastEventId, expected] of [[id, [second]], ['earliest', [first, second]]]) {
      const stream = await open(late, { sub: 'ann' }, { lastEventId })
      for (const each of expected) await arrives(stream, each)
      await stream.close()
    }
    await late.stop()
  })

  test('the way writers wake it is switched', async () => {
    for (const mode of ['never', 'always', 'adaptive']) {
      const switched = await start(['--wake', mode])
      await until(async () => (await cluster.psql('SELECT wake FROM herald.status')) === mode, { what: `wake ${mode}` })
      const stream = await open(switched)
      await arrives(stream, await write())
      await stream.close()
      await switched.stop()
    }
  })

  test('it forgets what is older than the retention', async () => {
    await Promise.all([daemon.stop(), other.stop()]) // the instance that has the role prunes
    const pruning = await start(['--retention', '1s'])
    const stream = await open(pruning)
    await arrives(stream, await write())
    await cluster.psql("UPDATE herald.ticks SET at = at - interval '1 day'")
    await until(async () => Number(await cluster.psql('SELECT count(*) FROM herald.changes')) <= 1, { what: 'a log with the last tick only' })
    await stream.close()
    await daemon.start()
    await other.start()
    await pruning.stop()
  })

  test('tickets are given and redeemed, and a renewal goes to all instances', async () => {
    const { json } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${await token({ sub: 'ann' })}` } })
    const stream = await Subscriber.open(other.url(`/own?ticket=${json.ticket}`))
    assert.equal(stream.status, 200)
    await stream.close()
    const session = await cluster.client({ user: 'least' })
    await session.query(`SELECT herald.renewal('code', '{"claims": {"sub": "ann"}}')`)
    await until(async () => (await cluster.psql("SELECT count(*) FROM herald.changes WHERE event = 'renew'")) === '1', { what: 'the renewal in the log' })
  })

  test('a revocation ends streams, and is known to who starts later', async () => {
    const stream = await open(daemon, { sub: 'eve', jti: 'e1' })
    await cluster.psql("SELECT herald.revoke(jti => 'e1')")
    await closes(stream, 'revoked')
    const late = await start()
    assert.equal(await statusOf(late, { sub: 'eve', jti: 'e1' }), 401)
    await late.stop()
  })

  test("an authorize function needs the daemon's role to be let in as anybody else; then it is asked, and asked again", async () => {
    assert.equal(await statusOf(daemon, { sub: 'bob' }, { path: '/club' }), 403)
    await daemon.said(/permission denied for schema app/)
    await cluster.psql('GRANT USAGE ON SCHEMA app TO least')
    assert.equal(await statusOf(daemon, { sub: 'bob' }, { path: '/club' }), 403)
    await cluster.psql('GRANT EXECUTE ON FUNCTION app.is_member TO least')
    assert.equal(await statusOf(daemon, { sub: 'bob' }, { path: '/club' }), 403)
    await cluster.psql('ALTER FUNCTION app.is_member SECURITY DEFINER SET search_path = pg_catalog, pg_temp')
    const stream = await open(daemon, { sub: 'bob' }, { path: '/club' })
    assert.equal(stream.status, 200)
    assert.equal(await statusOf(daemon, { sub: 'nobody' }, { path: '/club' }), 403)
    await cluster.psql("UPDATE app.members SET active = false WHERE who = 'bob'")
    await closes(stream, 'forbidden')
    assert.equal(await statusOf(daemon, { sub: 'bob' }, { path: '/club' }), 403)
  })

  test('a stream that is defined while it runs is served', async () => {
    await cluster.psql("SELECT herald.stream('/later', '{notes}', match => '{\"owner\": \"claims.sub\"}')")
    await until(async () => (await statusOf(daemon, { sub: 'ann' }, { path: '/later' })) === 200, { what: 'the stream' })
  })
})

describe('a hostile role of the same database', { skip: missing() }, () => {
  let daemon, hostile, stream
  before(async () => {
    daemon = await start(['--retention', '1s'])
    hostile = await cluster.client({ user: 'hostile' })
    stream = await open(daemon)
  })

  const waits = async (count) => {
    const all = []
    for (let n = 0; n < count; n++) {
      const id = await write()
      const begun = now()
      await arrives(stream, id)
      all.push(now() - begun)
    }
    return all
  }
  const hold = (lock) => until(async () => (await hostile.query('SELECT pg_try_advisory_lock(1751478881, $1) AS got', [lock])).rows[0].got, { what: `lock ${lock}` })
  const release = () => hostile.query('SELECT pg_advisory_unlock_all()')

  test('that rings 10,000 times on each channel, with any payload, changes nothing that subscribers see', async (t) => {
    const longest = await measured(t, () => forge(t), (longest) => longest < 1000)
    assert.ok(longest < 1000, `${longest} ms`)
  })

  /**
   * Rings and forges as a hostile role. The longest time that the daemon took meanwhile to answer,
   * and to tell a change that was written after it.
   */
  async function forge(t) {
    await arrives(stream, await write())
    const before = { frames: stream.frames.length, head: await cluster.psql('SELECT head FROM herald.status'), log: daemon.logs().length }
    const payloads = "CASE n % 4 WHEN 0 THEN n::text WHEN 1 THEN n || E'\\n\\nevent: forged\\ndata: {}\\n\\n' WHEN 2 THEN repeat('x', 7000) || n ELSE '999999-' || n END"
    let ringing = true
    const forging = (async () => {
      for (let batch = 0; batch < 10; batch++)
        await hostile.query(`SELECT pg_notify(c, ${payloads}) FROM generate_series(${batch * 1000 + 1}, ${batch * 1000 + 1000}) n, unnest('{herald,herald_tick,herald_streams}'::text[]) c`)
      for (let n = 0; n < 500; n++) await hostile.query('NOTIFY herald_streams') // each by itself, so that no two become one
    })().finally(() => (ringing = false))
    const answers = []
    while (ringing) {
      const begun = now()
      assert.equal((await daemon.status()).status, 200)
      answers.push(now() - begun)
    }
    await forging
    assert.equal(stream.frames.length, before.frames)
    assert.equal(await cluster.psql('SELECT head FROM herald.status'), before.head)
    const [wait] = await waits(1)
    assert.equal(stream.frames.length, before.frames + 1)
    assert.equal(await statusOf(daemon), 200)
    assert.ok(daemon.logs().length - before.log < 2000, daemon.logs().slice(before.log, before.log + 3000))
    t.diagnostic(`longest answer meanwhile ${Math.max(...answers).toFixed(0)} ms of ${answers.length}; a change behind it ${wait.toFixed(1)} ms`)
    return Math.max(wait, ...answers)
  }

  test('that rings all the time makes it look 20 times a second, no more', async (t) => {
    await cluster.psql("ALTER SYSTEM SET track_functions = 'all'; SELECT pg_reload_conf()")
    const ticks = async () => Number(await cluster.psql("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE schemaname = 'herald' AND funcname = 'tick'"))
    await arrives(stream, await write())
    const begun = now(), before = await ticks()
    while (now() < begun + 3000) await hostile.query("DO $$ BEGIN FOR n IN 1..100 LOOP PERFORM pg_notify('herald', n::text); COMMIT; END LOOP; END $$")
    const [count, most] = [(await ticks()) - before, 30 + 20 * (now() - begun) / 1000] // the safety poll looks, too
    t.diagnostic(`herald.tick() ${count} times in ${Math.round(now() - begun)} ms`)
    assert.ok(count <= most, `${count} of ${most}`)
    await arrives(stream, await write())
  })

  test('that holds the lock of the doorbell delays a change up to the poll interval', async (t) => {
    await hold(3)
    const longest = await measured(t, async () => Math.max(...await waits(2)), (ms) => ms < poll + 1000)
    await release()
    assert.ok(longest > 100, 'it does hold the doorbell')
    assert.ok(longest < poll + 1000, `${longest} ms`)
    t.diagnostic(`poll interval ${poll} ms: ${longest.toFixed(0)} ms`)
  })

  test('that takes the role of the ticker and every other lock delays changes by a third of a second, and the log is pruned still', async (t) => {
    await stream.close()
    await daemon.stop()
    for (const lock of [0, 1, 2, ...Array.from({ length: 40 }, (_, n) => n + 4)]) await hold(lock)
    daemon.flags = ['--poll-interval', '5s', '--retention', '1s'] // otherwise the safety poll would be nearly as quick
    await daemon.start()
    stream = await open(daemon)
    const usual = await measured(t, async () => median(await waits(12)), (ms) => ms < 800)
    assert.ok(usual < 800, `${usual} ms`)
    await until(async () => Number(await cluster.psql('SELECT count(*) FROM herald.changes')) < 10, { what: 'pruning' })
    await release()
    t.diagnostic(`median ${usual.toFixed(0)} ms`)
    await until(async () => median(await waits(3)) < 200, { timeout: 60_000, what: 'the role to be back' }) // without the role it takes 300
    await stream.close()
  })
})
