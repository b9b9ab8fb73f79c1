// What is done to the server and the schema under a running daemon. The daemon leaves when the
// server waits for its clients, and comes back. It goes on with no schema but the one that it
// knows.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { Doorman } from '../lib/doorman.mjs'
import { deliver, idOf, openHot, prepareHot, writeNote } from '../lib/hot.mjs'
import { freePort } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { request } from '../lib/sse.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('the server and the schema', { skip: missing(), timeout: 300_000 }, () => {
  let stage
  before(async () => (stage = await openStage({
    prepare: async (cluster) => {
      await prepareHot(cluster)
      await cluster.psql(`CREATE FUNCTION public.slow(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"body": {}}'::jsonb FROM pg_sleep(2) $$;
        SELECT herald.action('POST', '/slow', 'public.slow')`)
    },
  })))
  after(() => stage?.close())

  const state = async () => (await stage.daemon.status()).json.status

  test('pg_ctl stop -m smart ends; the streams stay, and what comes after the start reaches them', async () => {
    const { cluster, daemon } = stage
    const stream = await openHot(daemon, 'ann')
    await deliver(cluster, 'before', stream)
    await cluster.psql('CREATE ROLE owner LOGIN')
    await cluster.psql('CREATE DATABASE owned OWNER owner')
    const owned = cluster.url('owned', 'owner')
    assert.equal((await run(['migrate', '--database-url', owned])).code, 0)
    // Its owner may not read what the server says of itself, so the daemon tries a new connection.
    // There are two servers. It must try the one that it is connected to.
    const port = await freePort()
    const blind = await stage.addDaemon({ databaseUrl: `host=127.0.0.1,127.0.0.1 port=${port},${cluster.port} user=owner dbname=owned` })
    const other = await Doorman.open(port) // the other server has come back meanwhile
    const witness = await cluster.client() // sees an action of 2 s, though a psql may take as long
    const action = request(daemon.url('/slow'), { method: 'POST', body: '{}', headers: { Authorization: `Bearer ${await token({ sub: 'ann' })}`, 'Content-Type': 'application/json' } })
    const running = "SELECT FROM pg_stat_activity WHERE query ~ 'herald.act' AND state = 'active' AND application_name <> 'test'"
    await until(async () => (await witness.query(running)).rowCount === 1, { what: 'an action that runs' })
    await witness.end()
    await cluster.stop('smart')
    assert.equal((await action).status, 200, 'what runs comes to its end')
    await until(async () => (await state()) === 'degraded', { what: 'the end of the session' })
    other.close()
    await cluster.startServer()
    await deliver(cluster, 'after', stream)
    await until(async () => (await blind.status()).json.status === 'ok', { what: 'the other daemon' })
    assert.deepEqual([stream.events.length, stream.connections.length], [2, 1])
    await stream.close()
  })

  test('another server that starts says nothing of the one that lives', async () => {
    const { cluster } = stage
    const port = await freePort()
    const blind = await stage.addDaemon({ databaseUrl: `host=127.0.0.1,127.0.0.1 port=${port},${cluster.port} user=owner dbname=owned` })
    const other = await Doorman.open(port, { refuses: '57P03' })
    await cluster.psql('ALTER ROLE owner CONNECTION LIMIT 0') // the connections that it has stay
    const refusals = () => cluster.logs().split('too many connections for role "owner"').length
    const before = refusals()
    await until(() => refusals() > before || other.clients > 1, { what: 'connections that are tried' })
    assert.equal(other.clients, 0)
    assert.doesNotMatch(blind.logs(), /it is shutting down/)
    await cluster.psql('ALTER ROLE owner CONNECTION LIMIT -1')
    other.close()
  })

  test('a newer schema that is not marked as breaking: the daemon goes on, and one that starts serves', async () => {
    const { cluster, daemon } = stage
    const stream = await openHot(daemon, 'ann')
    await cluster.psql("INSERT INTO herald.migrations (version, name) VALUES (9999, '9999_later')")
    const next = await stage.addDaemon()
    const other = await openHot(next, 'next')
    for (let n = 0; n < 3; n++) { // more than a look at the schema
      await cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgherald%'")
      assert.equal(await deliver(cluster, `newer ${n}`, stream), await idOf(`newer ${n}`, other))
    }
    assert.doesNotMatch(daemon.logs() + next.logs(), /use a newer pgherald/)
    await cluster.psql('DELETE FROM herald.migrations WHERE version = 9999')
    for (const each of [stream, other]) {
      assert.equal(each.connections.length, 1)
      await each.close()
    }
  })

  test('another version of the schema: nothing more is told until it fits again, and all are told', async () => {
    const { cluster, daemon } = stage
    const stream = await openHot(daemon, 'ann')
    const own = await cluster.psql('SELECT max(version) FROM herald.migrations')
    for (const [change, back, says] of [
      ["INSERT INTO herald.migrations (version, name) VALUES (9999, '9999_later_breaking')", 'DELETE FROM herald.migrations WHERE version = 9999', /has version 9999, this program knows \d+: use a newer pgherald/],
      [`UPDATE herald.migrations SET version = -version WHERE version = ${own}`, `UPDATE herald.migrations SET version = -version WHERE version = -${own}`, /, this program needs \d+: run .pgherald migrate./],
    ]) {
      await deliver(cluster, `before ${change.slice(0, 6)}`, stream)
      await cluster.psql(change)
      await until(() => says.test(daemon.logs()), { timeout: 60_000, what: `${says} in the log` })
      assert.equal((await daemon.status()).json.status, 'degraded')
      await writeNote(cluster, change.slice(0, 6))
      await cluster.psql(back)
      await idOf(change.slice(0, 6), stream)
      await until(async () => (await state()) === 'ok', { what: 'the log is followed again' })
    }
    assert.deepEqual([stream.events.length, stream.connections.length], [4, 1])
    await stream.close()
  })
})
