// What the commands list of a database, and what they take away.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { migrate, missing, run } from '../lib/daemon.mjs'
import { onTerminal } from '../lib/terminal.mjs'

const lists = ['streams', 'watches', 'rules', 'actions']

describe('lists', { skip: missing() }, () => {
  let cluster
  before(async () => {
    cluster = await Cluster.start()
    await migrate(cluster)
    await cluster.psql(`CREATE TABLE public.orders (id bigint PRIMARY KEY, user_id int, note text, status text);
      CREATE TABLE public."Odd name" (id int PRIMARY KEY); CREATE TABLE public.gone (id int PRIMARY KEY);
      CREATE SCHEMA app; CREATE FUNCTION app.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE FUNCTION app.rows(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$;
      CREATE FUNCTION app.act(request jsonb) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$`)
  })
  after(() => cluster.destroy())

  const said = async (args, code = 0) => {
    const result = await run([...args, '--database-url', cluster.url()], { timeout: 60_000 })
    assert.equal(result.code, code, result.stdout + result.stderr)
    return code === 0 ? result.stdout : result.stderr
  }
  const lines = async (...args) => (await said(args)).trimEnd().split('\n')

  test('an empty list says what to do, and is an empty array for programs', async () => {
    const wanted = { streams: /^there are no streams.*\n.*herald\.stream\(/, watches: /^no table is watched.*\n {2}pgherald watch TABLE/, rules: /^there are no rules.*\n.*herald\.rule\(/, actions: /^there are no actions.*\n.*herald\.action\(/ }
    for (const list of lists) {
      assert.match(await said([list]), wanted[list])
      assert.deepEqual(JSON.parse(await said([list, '--json'])), [])
    }
  })

  describe('of what is defined', () => {
    before(() => cluster.psql(`
      SELECT herald.watch('public.orders', audience => '{user_id}', exclude => '{note}', numbers => 'text'), herald.watch('public."Odd name"', topic => 'odd', columns => '{id}'), herald.watch('public.gone');
      SELECT herald.rule('public.orders', 'paid', 'update', E'NEW.status =\\n  ''paid''', 'jsonb_build_object(''id'', NEW.id)'), herald.rule('public.orders', 'gone', 'any');
      SELECT herald.stream('/my/orders', '{orders}', match => '{"user_id": "claims.sub"}', events => '{paid}', snapshot => 'app.rows'), herald.stream('/all', '{orders,odd}', anonymous => true),
             herald.stream('/users', '{orders}', format => 'message'), herald.stream('/staff', '{orders}', require => '[{"role": ["staff", "admin"], "level": [3]}, {"root": [true]}]', authorize => 'app.may', sealed => true),
             herald.stream('/shop/:id', '{orders}', match => '{"user_id": "params.id"}', anonymous => true);
      SELECT herald.action('POST', '/api/x', 'app.act'), herald.action('PUT', '/api/x', 'app.act', '{"role": ["staff"]}');
      DROP TABLE public.gone`))

    test('streams: who sees what, in words and aligned', async () => {
      assert.deepEqual(await lines('streams'), [
        'path        topics       who sees it                                                  also',
        '/all        orders, odd  everyone',
        '/my/orders  orders       user_id is claims.sub                                        events paid; begins with app.rows',
        '/shop/:id   orders       everyone; user_id is params.id',
        '/staff      orders       role: staff, admin and level: 3 or root: true; asks app.may  sealed',
        '/users      orders       every user                                                   format message'])
      const [first, second] = JSON.parse(await said(['streams', '--json']))
      assert.deepEqual([first.path, first.anonymous, second.match], ['/all', true, { user_id: 'claims.sub' }])
    })

    test('watches: what is told, and a table that was dropped by its number', async () => {
      const told = await lines('watches')
      const columns = (line) => line.split(/ {2,}/)
      assert.deepEqual(columns(told[0]), ['table', 'topic', 'audience', 'columns', 'events'])
      assert.deepEqual(columns(told.find((line) => line.startsWith('public.orders'))), ['public.orders', 'orders', 'user_id', 'all, but not note', 'gone, paid; numbers as text'])
      assert.deepEqual(columns(told.find((line) => line.startsWith('public."Odd'))), ['public."Odd name"', 'odd', 'none', 'id', 'insert, update, delete, truncate'])
      const number = /^(\d+) \(dropped\) +gone/m.exec(told.join('\n'))[1]
      const json = JSON.parse(await said(['watches', '--json']))
      assert.deepEqual(json.map(({ table, dropped, events }) => [table, dropped, events]), [[`${number} (dropped)`, true, null], ['public."Odd name"', false, null], ['public.orders', false, ['gone', 'paid']]])
      await said(['unwatch', number])
      assert.equal((await lines('watches')).length, 3)
    })

    test('rules and actions: a line each, whatever their text', async () => {
      assert.deepEqual(await lines('rules'), [
        'table          event  on          when                 data',
        "public.orders  paid   update      NEW.status = 'paid'  jsonb_build_object('id', NEW.id)",
        'public.orders  gone   any change  always               as a default event'])
      assert.equal(JSON.parse(await said(['rules', '--json']))[0].condition, "NEW.status =\n  'paid'")
      assert.deepEqual(await lines('actions'), ['method  path    function  who may call it', 'POST    /api/x  app.act   every user', 'PUT     /api/x  app.act   role: staff'])
      assert.deepEqual(JSON.parse(await said(['actions', '--json']))[1], { method: 'PUT', path: '/api/x', function: 'app.act', require: { role: ['staff'] } })
    })

    test('a narrow terminal gets the beginning of each line, a pipe all of it', async () => {
      const { output } = await onTerminal(['rules', '--database-url', cluster.url()], { columns: 40, env: { NO_COLOR: '1' } })
      const seen = output.trimEnd().split(/\r?\n/)
      assert.deepEqual(seen.map((line) => line.length), [40, 40, 40])
      assert.match(seen[1], /^public\.orders {2}paid .*…$/)
    })

    test('colours are for a terminal that shows them, and for nothing else', async () => {
      const colours = /\x1b\[[0-9;]+m/
      for (const args of [['rules'], ['doctor'], ['explain', '--stream', '/all', '--change', '1']]) {
        const all = [...args, '--database-url', cluster.url()]
        const seen = async (env) => (await onTerminal(all, { env, columns: 500 })).output
        assert.match(await seen({ NO_COLOR: '' }), colours, args[0])
        for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.doesNotMatch(await seen(env), /\x1b/, args[0])
        assert.doesNotMatch((await run(all, { env: { TERM: 'xterm' } })).stdout, /\x1b/, args[0])
      }
    })

    test('what comes from outside moves no cursor', async () => {
      await cluster.psql(`INSERT INTO herald.actions VALUES ('GET', E'/\\x1b[2J\\n\\u009b', 'app.act', '{}')`)
      try {
        const told = await said(['actions'])
        assert.doesNotMatch(told, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
        assert.equal(told.trimEnd().split('\n').length, 4)
      } finally {
        await cluster.psql("DELETE FROM herald.actions WHERE method = 'GET'")
      }
    })

    test('an argument too many, and a database without the schema, are told', async () => {
      for (const list of lists) assert.match(await said([list, 'all'], 2), new RegExp(`${list} takes no argument, not 'all'`))
      const { code, stderr } = await run(['streams', '--database-url', cluster.url('postgres')])
      assert.deepEqual([code, /run 'pgherald migrate'/.test(stderr)], [4, true])
    })

    test('unstream, unaction and unrule take away what there is, and say when there is none', async () => {
      assert.match(await said(['unstream', '/users']), /^there is no stream \/users any more$/m)
      assert.match(await said(['unstream', '/users'], 1), /^pgherald: there is no such stream: 'pgherald streams' lists/)
      assert.match(await said(['unaction', 'PUT', '/api/x']), /^there is no action PUT \/api\/x any more$/m)
      assert.match(await said(['unaction', 'PUT', '/api/x'], 1), /^pgherald: there is no such action: 'pgherald actions' lists/)
      assert.match(await said(['unrule', 'public.orders', 'paid']), /^watching public\.orders\ntopic[^]*events {4}gone$/m)
      assert.match(await said(['unrule', 'public.orders', 'paid'], 1), /^pgherald: the table has no such rule: 'pgherald rules' lists/)
      assert.match(await said(['unrule', 'public.orders']), /events {4}orders\.insert, orders\.update/)
      assert.match(await said(['unrule', 'public.nothing'], 1), /public\.nothing/)
      for (const wrong of [['unstream'], ['unaction', 'GET'], ['unrule'], ['unrule', 'a', 'b', 'c']]) await said(wrong, 2)
      assert.equal(await cluster.psql("SELECT count(*) FROM herald.streams WHERE path = '/users'"), '0')
    })
  })
})
