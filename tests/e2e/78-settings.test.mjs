// What a database, a role or a hosting service may have set for everybody. Settings may cut,
// forbid, or have things read otherwise. Encodings are among them.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { Daemon, missing, repository, run } from '../lib/daemon.mjs'
import { serverMajor } from '../lib/postgres.mjs'
import { freePort } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { secret, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const hostile = {
  standard_conforming_strings: 'off', backslash_quote: 'off', default_transaction_read_only: 'on', default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on', statement_timeout: '150ms', lock_timeout: '10ms', idle_in_transaction_session_timeout: '150ms',
  client_encoding: 'LATIN1', search_path: 'evil', row_security: 'off', array_nulls: 'off', transform_null_equals: 'on', DateStyle: 'SQL, DMY',
  ...(serverMajor() >= 17 ? { transaction_timeout: '200ms' } : {}),
}
/** What an application says that lives with such settings. */
const asWriter = 'SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = 0;' +
  (serverMajor() >= 17 ? ' SET transaction_timeout = 0;' : '')

describe('settings and encodings', { skip: missing(), timeout: 240_000 }, () => {
  let cluster
  const daemons = []
  before(async () => (cluster = await Cluster.start()))
  after(async () => {
    for (const daemon of daemons) await daemon.destroy()
    await cluster?.destroy()
  })

  const herald = (database, ...args) => run([...args, '--database-url', cluster.url(database)], { timeout: 60_000 })
  async function works(...args) {
    const { code, stdout, stderr } = await herald(...args)
    assert.equal(code, 0, `${args}: ${stdout}${stderr}`)
  }
  async function serve(database) {
    const daemon = await Daemon.start({ cluster, databaseUrl: cluster.url(database) })
    daemons.push(daemon)
    return daemon
  }
  const install = (database) => cluster.tryPsql(['-qf', join(repository, 'sql/install.sql')], { database })

  test('settings that cut, forbid or read otherwise: installed by both ways, watched, ruled, delivered, resumed', async () => {
    await cluster.psql('CREATE DATABASE hostile', { database: 'postgres' })
    await cluster.psql('CREATE SCHEMA evil; CREATE TABLE public.t (id int PRIMARY KEY, owner text, n int)', { database: 'hostile' })
    for (const [name, value] of Object.entries(hostile)) await cluster.psql(`ALTER DATABASE hostile SET ${name} = '${value}'`, { database: 'postgres' })
    await works('hostile', 'migrate')
    const again = await install('hostile')
    assert.deepEqual([again.code, again.stderr], [0, ''])
    await works('hostile', 'watch', 'public.t', '--audience', 'owner')
    await cluster.psql(asWriter + String.raw`
      SELECT herald.rule('public.t', 'up', 'any', $$NEW.owner ~ '^\w+$'$$, $$jsonb_build_object('id', NEW.id, 'path', 'a\b')$$);
      SELECT herald.stream('/t/:owner', '{t}', match => '{"owner": "params.owner"}', anonymous => true);`, { database: 'hostile' })
    const daemon = await serve('hostile')
    const stream = await daemon.subscribe('/t/ann')
    await stream.next('connected')
    await cluster.psql(`${asWriter} INSERT INTO public.t VALUES (1, 'ann', 1), (2, 'b b', 1)`, { database: 'hostile' })
    assert.deepEqual(JSON.parse((await stream.next('up', 20_000)).data), { id: 1, path: 'a\\b' })
    const late = await daemon.subscribe('/t/ann?last_event_id=earliest')
    assert.deepEqual(JSON.parse((await late.next('up', 20_000)).data), { id: 1, path: 'a\\b' })
    const { json } = await request(daemon.url('/stream/schema'))
    assert.deepEqual(json.streams['/t/:owner'].events.up.properties.path, { type: 'string' })
    assert.equal(await cluster.psql(`${asWriter} SELECT faults FROM herald.status`, { database: 'hostile' }), '')
    await Promise.all([stream.close(), late.close()])
  })

  test('a role that may not use plpgsql serves, and its sessions have their settings', async () => {
    await cluster.psql('CREATE DATABASE forbidden', { database: 'postgres' })
    await works('forbidden', 'migrate')
    await cluster.psql(`REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; CREATE ROLE plain LOGIN; SELECT herald.grant_daemon('plain');
      CREATE FUNCTION public.told(request jsonb) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_build_object('body', jsonb_build_array(current_setting('client_connection_check_interval'), current_setting('transaction_timeout', true))) $$;
      SELECT herald.action('POST', '/told', 'public.told');`, { database: 'forbidden' })
    await cluster.psql('ALTER DATABASE forbidden SET ' + (serverMajor() >= 17 ? "transaction_timeout = '1h'" : "lock_timeout = '1h'"), { database: 'postgres' })
    const daemon = await Daemon.start({ cluster, databaseUrl: cluster.url('forbidden', 'plain') })
    daemons.push(daemon)
    const headers = { Authorization: `Bearer ${await token({ sub: 'ann' })}`, 'Content-Type': 'application/json' }
    const told = await request(daemon.url('/told'), { method: 'POST', body: '{}', headers })
    assert.deepEqual(told.json, ['2s', serverMajor() >= 17 ? '0' : null])
    assert.doesNotMatch(daemon.logs(), /query of .* failed/)
  })

  test("the example's names are read as they are written, whatever the client's encoding", async () => {
    await cluster.psql('CREATE DATABASE example', { database: 'postgres' })
    await cluster.psql("ALTER DATABASE example SET client_encoding = 'LATIN1'", { database: 'postgres' })
    await works('example', 'migrate')
    const { code, stderr } = await cluster.tryPsql(['-qf', join(repository, 'contrib/example/install.sql')], { database: 'example' })
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(await cluster.psql("SELECT count(*) > 0 FROM example.orders WHERE customer_name = U&'Jo\\00E3o Silva'", { database: 'example' }), 't')
  })

  test('an encoding that the server converts works, also beside somebody who asks for letters that it lacks', async () => {
    for (const [encoding, letter] of [['LATIN1', 'é'], ['EUC_JP', '日']]) {
      const database = encoding.toLowerCase()
      await cluster.psql(`CREATE DATABASE ${database} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`, { database: 'postgres' })
      await works(database, 'migrate')
      assert.equal((await install(database)).code, 0)
      const say = (sql) => cluster.psql(`SET client_encoding = 'UTF8'; ${sql}`, { database })
      await say(`CREATE TABLE t (id int PRIMARY KEY, owner text); SELECT herald.watch('t', audience => '{owner}');
        SELECT herald.stream('/t/:owner', '{t}', match => '{"owner": "params.owner"}', anonymous => true)`)
      const daemon = await serve(database)
      const path = `/t/${encodeURIComponent(letter)}`
      const [stream, foreign] = [await daemon.subscribe(path), await daemon.subscribe(`/t/${encodeURIComponent('😀')}`)]
      await stream.next('connected')
      await say(`INSERT INTO t VALUES (1, '${letter}')`)
      assert.deepEqual(JSON.parse((await stream.next('t.insert', 20_000)).data).row, { id: 1, owner: letter })
      const late = await daemon.subscribe(`${path}?last_event_id=earliest`)
      assert.deepEqual(JSON.parse((await late.next('t.insert', 20_000)).data).row, { id: 1, owner: letter })
      await Promise.all([stream.close(), foreign.close(), late.close()])
      await say(`CREATE FUNCTION echo(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', request -> 'body') $$; SELECT herald.action('POST', '/echo/:what', 'public.echo')`)
      const post = async (path, body, sub = 'ann') => request(daemon.url(path), { method: 'POST', body,
        headers: { Authorization: `Bearer ${await token({ sub })}`, ...(body && { 'Content-Type': 'application/json' }) } })
      await until(async () => (await post(`/echo/${encodeURIComponent(letter)}`, `{"a":"${letter}"}`)).status === 200, { what: 'the action' })
      for (const [path, body, sub] of [['/echo/x', '{"a":"😀"}'], [`/echo/${encodeURIComponent('😀')}`, '{}'], ['/echo/x?a=%F0%9F%98%80', '{}'], ['/stream/ticket', undefined, '😀']]) {
        const { status, json } = await post(path, body, sub)
        assert.deepEqual([status, json.errors], [400, ['The request has what the database cannot take, such as a character that its encoding lacks']], path)
      }
      const { stdout } = await run(['doctor', '--database-url', cluster.url(database), '--jwt-secret-file', daemon.secretFile, '--listen', `127.0.0.1:${daemon.port}`,
        '--admin-listen', `127.0.0.1:${daemon.adminPort}`], { timeout: 60_000 })
      assert.match(stdout, new RegExp(`^ok +encoding +${encoding}, which the server converts`, 'm'))
    }
  })

  test('an encoding of bytes that nobody can read is refused in a sentence, and nothing is changed', async () => {
    const database = 'sql_ascii'
    const sentence = /events are UTF-8, and what is in a database of encoding SQL_ASCII cannot be converted to that/
    await cluster.psql("CREATE DATABASE sql_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", { database: 'postgres' })
    for (const { code, stderr } of [await herald(database, 'migrate'), await install(database)]) {
      assert.notEqual(code, 0)
      assert.match(stderr, sentence)
      assert.match(stderr, /createdb -E UTF8/)
    }
    assert.equal(await cluster.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'herald'", { database }), '0')
    const doors = ['--listen', `127.0.0.1:${await freePort()}`, '--admin-listen', '']
    const { code, stderr } = await run(['serve', '--database-url', cluster.url(database), '--jwt-secret', secret, ...doors], { timeout: 30_000 })
    assert.equal(code, 4)
    assert.match(stderr, sentence)
    assert.match((await run(['doctor', '--database-url', cluster.url(database), '--jwt-secret', secret, ...doors], { timeout: 60_000 })).stdout,
      /^no +encoding +SQL_ASCII cannot be converted/m)
  })
})
