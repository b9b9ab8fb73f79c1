// What a function of the application leaves in its session does not meet the next user's. That
// holds for actions, authorize and snapshot functions, and behind a pooler for settings and the role.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { missingPgbouncer, Pgbouncer } from '../lib/pgbouncer.mjs'
import { openStage } from '../lib/stage.mjs'
import { request } from '../lib/sse.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

/** [what a function runs, whether it is said to have succeeded] */
const leavings = [
  ["SELECT set_config('app.uid', 'ann', false)"], ["SET TimeZone = 'Asia/Tokyo'"], ['SET search_path = pg_temp'], ["SET statement_timeout = '1ms'"],
  ["SET lock_timeout = '1ms'"], ["SET app.tenant = 'of ann'"], ['SET row_security = off'], ["SET client_connection_check_interval = '9s'"],
  ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE'], ['SET ROLE other', 403], ['SET SESSION AUTHORIZATION other', 403],
  ['CREATE TEMP TABLE mine AS SELECT 1 AS secret'], ['CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS $s$ SELECT 1 $s$'],
  ['SELECT pg_advisory_lock(7)'], ['SELECT pg_advisory_lock_shared(8)'], ["DO $d$ BEGIN PERFORM pg_advisory_lock(9); RAISE 'after that'; END $d$", 400],
  ['LISTEN gossip'], ['DECLARE mine CURSOR WITH HOLD FOR SELECT 1'], ["PREPARE mine AS SELECT 'secret'"], ['DEALLOCATE ALL'],
  ["DO $d$ BEGIN DEALLOCATE ALL; EXECUTE 'PREPARE action AS SELECT 1'; END $d$"], ["SELECT nextval('numbers')"],
]

const prepare = (cluster) => cluster.psql(`
  CREATE ROLE other;
  ALTER DATABASE ${cluster.database} SET TimeZone = 'America/Sao_Paulo';
  ALTER DATABASE ${cluster.database} SET app.tenant = 'of all';
  CREATE SEQUENCE numbers;
  CREATE TABLE notes (id int PRIMARY KEY);
  CREATE FUNCTION left_here() RETURNS jsonb LANGUAGE plpgsql AS $$
  DECLARE last text := 'none';
  BEGIN
    PERFORM pg_sleep(0.05); -- so that those who look at once are in several processes
    BEGIN last := lastval(); EXCEPTION WHEN object_not_in_prerequisite_state THEN END;
    RETURN jsonb_build_object('pid', pg_backend_pid(), 'users', session_user || ' ' || current_user, 'lastval', last, 'uid', coalesce(current_setting('app.uid', true), ''),
      'settings', (SELECT jsonb_object_agg(n, current_setting(n)) FROM unnest('{TimeZone,search_path,statement_timeout,lock_timeout,app.tenant,row_security,client_connection_check_interval,transaction_read_only,transaction_isolation,default_transaction_deferrable,client_encoding,application_name}'::text[]) n),
      'temp', (SELECT count(*) FROM pg_class WHERE relname = 'mine') + (SELECT count(*) FROM pg_proc WHERE proname = 'mine'),
      'locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), 'channels', (SELECT count(*) FROM pg_listening_channels()),
      'cursors', (SELECT count(*) FROM pg_cursors WHERE is_holdable), 'statements', (SELECT count(*) FROM pg_prepared_statements WHERE from_sql));
  END $$;
  CREATE FUNCTION see(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', public.left_here()) $$;
  CREATE FUNCTION leave(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN EXECUTE request ->> 'body'; RETURN jsonb_build_object('body', pg_backend_pid()); END $$;
  CREATE TABLE seen (n int, what jsonb);
  CREATE FUNCTION may_leave(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE params ->> 'sql'; RETURN true; END $$;
  CREATE FUNCTION may_see(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES ((params ->> 'n')::int, public.left_here()); RETURN true; END $$;
  CREATE FUNCTION state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$ BEGIN EXECUTE params ->> 'sql'; RETURN NEXT public.left_here(); END $$;
  SELECT herald.watch('notes');
  SELECT herald.action('GET', '/see', 'public.see'), herald.action('POST', '/leave', 'public.leave');
  SELECT herald.stream('/asks/leave', '{notes}', authorize => 'public.may_leave'); SELECT herald.stream('/asks/see', '{notes}', authorize => 'public.may_see');
  SELECT herald.stream('/state', '{notes}', snapshot => 'public.state');`)

describe('a session in which functions of the application run', { skip: missing(), timeout: 120_000 }, () => {
  let stage
  before(async () => (stage = await openStage({ prepare })))
  after(() => stage?.close())

  const headers = async (sub) => ({ Authorization: `Bearer ${await token({ sub })}`, 'Content-Type': 'application/json' })
  const see = async (sub, daemon = stage.daemon) => (await request(daemon.url('/see'), { headers: await headers(sub) })).json
  const leave = async (sub, sql, daemon = stage.daemon) => request(daemon.url('/leave'), { method: 'POST', body: JSON.stringify(sql), headers: await headers(sub) })

  /**
   * Looks until that is done in the process where something was left. That may have ended: where
   * the machine is busy, a time limit of 1 ms keeps it from being cleaned. Eight look at once, of two
   * users, because the first process that is free gets the question. There are up to eight.
   */
  const finds = (expected, pid, look, sql) => until(async () => {
    const looks = await Promise.all(Array.from({ length: 8 }, (_, n) => look(n % 2 ? 'ann' : 'bob')))
    for (const { pid: _, ...seen } of looks) assert.deepEqual(seen, expected, sql)
    return looks.some(({ pid: at }) => at === pid) || (await stage.cluster.psql(`SELECT count(*) FROM pg_stat_activity WHERE pid = ${pid}`)) === '0'
  }, { what: `a question to process ${pid}` })

  test('an action finds nothing of what another user\'s has left', async () => {
    let { pid, ...first } = await see('bob')
    assert.deepEqual([first.settings.TimeZone, first.settings['app.tenant'], first.settings.statement_timeout], ['America/Sao_Paulo', 'of all', '5s'])
    for (const [sql, status = 200] of leavings) {
      const said = await leave('ann', sql)
      assert.equal(said.status, status, sql)
      pid = status === 200 ? said.json : pid
      await finds(first, pid, see, sql)
    }
  })

  const open = async (path, sub = 'ann') => {
    const stream = await stage.daemon.subscribe(path, { token: await token({ sub }) })
    assert.equal(stream.status, 200, path)
    await stream.next('connected')
    return stream
  }
  const withSql = (path, sql) => `${path}?sql=${encodeURIComponent(sql)}`

  test('an authorize function finds nothing either', async () => {
    let looks = 0
    const look = async (sub) => {
      const n = looks++
      await (await open(`/asks/see?n=${n}`, sub)).close()
      return JSON.parse(await stage.cluster.psql(`SELECT what FROM seen WHERE n = ${n}`))
    }
    const { pid, ...first } = await look()
    for (const [sql, status = 200] of leavings.filter(([sql]) => !/SET (ROLE|SESSION AUTH)/.test(sql))) {
      const stream = await stage.daemon.subscribe(withSql('/asks/leave', sql), { token: await token({ sub: 'ann' }) })
      assert.equal(stream.status, status === 200 ? 200 : 403, sql)
      await stream.close()
      await finds(first, pid, look, sql)
    }
  })

  test('nor does a snapshot function', async () => {
    const look = async (sql, sub) => {
      const stream = await open(withSql('/state', sql), sub)
      const seen = JSON.parse((await stream.next('snapshot')).data)
      await stream.next('ready')
      await stream.close()
      return seen
    }
    const { pid: _, ...first } = await look('SELECT 1')
    for (const [sql] of leavings.filter(([sql]) => /set_config|TimeZone|advisory_lock\(7|_shared|PREPARE mine|DEALLOCATE ALL$/.test(sql))) {
      const { pid } = await look(sql)
      await finds(first, pid, (sub) => look('SELECT 1', sub), sql)
    }
  })

  test('in a pool the settings and the role of one are not the next one\'s', { skip: missingPgbouncer() }, async () => {
    const bouncer = await Pgbouncer.start(stage.cluster, 'transaction', { default_pool_size: 1 })
    const daemon = await stage.addDaemon({ databaseUrl: bouncer.url })
    await daemon.said(/a pooler in transaction mode stands between/)
    const look = async () => ({ ...await see('bob', daemon), pid: undefined }) // of the one process
    const first = await look()
    for (const [sql, status = 200] of leavings.filter(([sql]) => /^SE(T|LECT set_config)/.test(sql))) {
      assert.equal((await leave('ann', sql, daemon)).status, status, sql)
      assert.deepEqual(await look(), first, sql)
    }
    await daemon.stop()
    await bouncer.stop()
  })
})
