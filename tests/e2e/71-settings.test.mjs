// What a database or a role sets for everybody does not reach the daemon's sessions. None is ended
// for its silence. Functions of the application are called under the same terms.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { least } from '../lib/cluster.mjs'
import { missing } from '../lib/daemon.mjs'
import { openHot, prepareHot } from '../lib/hot.mjs'
import { openStage } from '../lib/stage.mjs'
import { request } from '../lib/sse.mjs'
import { token } from '../lib/token.mjs'
import { pause, until } from '../lib/wait.mjs'

const hostile = {
  idle_session_timeout: '300ms', idle_in_transaction_session_timeout: '150ms', statement_timeout: '2s', lock_timeout: '5ms',
  default_transaction_read_only: 'on', default_transaction_isolation: 'serializable', default_transaction_deferrable: 'on', row_security: 'off',
  search_path: 'evil', DateStyle: 'SQL, DMY', IntervalStyle: 'sql_standard', bytea_output: 'escape', extra_float_digits: '-5', array_nulls: 'off',
  transform_null_equals: 'on', enable_indexscan: 'off', enable_nestloop: 'off', client_min_messages: 'debug1', jit_above_cost: '0', plan_cache_mode: 'force_custom_plan',
}
const fixed = {
  idle_session_timeout: '0', idle_in_transaction_session_timeout: '0', lock_timeout: '0', default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed', default_transaction_deferrable: 'off', row_security: 'on', statement_timeout: '5s',
}

describe('settings of a role', { skip: missing(), timeout: 120_000 }, () => {
  let stage
  before(async () => (stage = await openStage({
    daemon: false,
    prepare: async (cluster) => {
      await prepareHot(cluster)
      await cluster.psql(`CREATE SCHEMA evil;
        CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '1999-01-01'::timestamptz $$;
        CREATE FUNCTION public.told(request jsonb) RETURNS jsonb LANGUAGE sql AS $$
          SELECT jsonb_build_object('body', jsonb_build_object('pid', pg_backend_pid()) || (SELECT jsonb_object_agg(n, current_setting(n)) FROM unnest('{${Object.keys(fixed)}}'::text[]) n)) $$;
        SELECT herald.action('POST', '/told', 'public.told');`)
      const alter = Object.entries(hostile).map(([setting, value]) => `ALTER ROLE ${least ? 'pgherald' : 'postgres'} SET ${setting} = '${value}';`)
      await cluster.psql(alter.join('\n')) // of the role as which the daemon connects
    },
  })))
  after(() => stage?.close())

  test('none of them ends a session, cuts a query short, or changes how functions are called', async () => {
    const daemon = await stage.addDaemon({ flags: ['--poll-interval', '1000'] })
    const client = await until(async () => { // on a busy machine a session may end before anything is set
      const one = await stage.cluster.client()
      await one.query('SET default_transaction_read_only = off; SET lock_timeout = 0; SET idle_session_timeout = 0; SET statement_timeout = 0')
      return one
    }, { what: 'a session' })
    const stream = await openHot(daemon, 'ann')
    const ask = async () => (await request(daemon.url('/told'), {
      method: 'POST', body: '{}', headers: { Authorization: `Bearer ${await token({ sub: 'ann' })}`, 'Content-Type': 'application/json' },
    })).json
    const sessions = async () => (await client.query("SELECT array_agg(pid ORDER BY pid) AS pids FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'test'")).rows[0].pids
    let begun
    const stay = async () => { // a session of the daemon may end too, and then others come for which the settings hold
      begun = daemon.logs().length
      const { pid, ...settings } = await ask()
      assert.deepEqual(settings, fixed)
      const then = await sessions()
      await pause(1200) // several times what would end them
      assert.deepEqual(await sessions(), then)
      assert.equal((await ask()).pid, pid)
      assert.doesNotMatch(daemon.logs().slice(begun), /warn|error/)
      return true
    }
    await until(stay, { what: 'sessions that stay' })
    await client.query("UPDATE public.hot SET version = version + 1, note = 'x' WHERE id = 1")
    await stream.when(() => stream.events.length === 1, 60_000, () => 'the event')
    assert.doesNotMatch(daemon.logs().slice(begun), /warn|error/)
    await stream.close()
  })
})
