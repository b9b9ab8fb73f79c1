// pgherald explain: why a subscriber gets an event, or does not. First it is compared with the
// truth. What it says of every subscriber and every change must be what real streams delivered.
// EXPLAIN=all compares all pairs, which takes some minutes. Then follows what it says if something
// stands in the way.
// run: long
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster, environment } from '../lib/cluster.mjs'
import { missing, program, run, sanitized } from '../lib/daemon.mjs'
import { addOrder, addStore, addUser, setStatus } from '../lib/example.mjs'
import { removeDirectory, start, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
import { secret, seconds, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const key = 'a-key-to-seal-with-0123456789-0123456789'
const slow = 30_000
const wide = 'loja b+c' // must be decoded as the server does

/** Runs explain. Returns its JSON and its exit status. */
async function explain(stage, { stream, change, token: given, args = [], env = {} }) {
  const all = ['explain', '--json', '--database-url', stage.cluster.url(), '--jwt-secret-file', stage.secretFile, '--stream', stream, '--change', String(change), ...args]
  const result = await run(all, { env: { ...(given && { PGHERALD_TOKEN: given }), ...env }, timeout: 60_000 })
  assert.ok(!given || !`${result.stdout}${result.stderr}`.includes(given), 'the token is not printed')
  return { code: result.code, stderr: result.stderr, ...(result.stdout && JSON.parse(result.stdout)) }
}

const said = (report, check, about = null) => report.checks.filter((line) => line.check === check && line.about === about)

async function openExplained(options) {
  const stage = await openStage({ example: true, ...options })
  stage.directory = temporaryDirectory('explain')
  stage.secretFile = join(stage.directory, 'secret')
  writeFileSync(stage.secretFile, secret, { mode: 0o600 })
  return stage
}

async function closeExplained(stage) {
  const log = stage.cluster.logs()
  removeDirectory(stage.directory)
  await stage.close()
  assert.doesNotMatch(log, /WARNING: .*transaction/)
}

const moreStreams = `
  CREATE TABLE public.things (id int PRIMARY KEY, owner text, tags text[], note text);
  SELECT herald.watch('public.things', audience => '{owner,tags}');
  SELECT herald.stream('/things/mine', '{things}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/things/tagged/:tag', '{things}', match => '{"tags": "params.tag", "owner": "claims.sub"}', events => '{things.update,note}');
  SELECT herald.stream('/things/all', '{things,orders}', anonymous => true);
  SELECT herald.stream('/things/of/:who', '{things}', match => '{"owner": "params.who"}', require => '[{"role": ["admin"]}, {"sub": ["params.who"], "role": ["customer"]}]');
  SELECT herald.stream('/things/:who/mine', '{things}', match => '{"owner": "claims.friends"}')`

describe('explain', { skip: missing() }, () => {
  describe('beside what real streams deliver', () => {
    let stage, client, people
    before(async () => {
      stage = await openExplained({ daemon: { flags: ['--encryption-key', key] }, prepare: (cluster) => cluster.psql(moreStreams) })
      client = await stage.cluster.client()
      for (const store of ['loja-a', wide]) await addStore(client, store)
      people = {
        ann: await addUser(client), bob: await addUser(client, { claims: { friends: [] } }), admin: await addUser(client, { role: 'admin' }),
        staff: await addUser(client, { role: 'staff', claims: { stores: ['loja-a', wide] } }), mechanic: await addUser(client, { role: 'mechanic' }),
      }
      const { ann, bob } = people
      people.friend = await addUser(client, { claims: { friends: [ann.id, bob.id], jti: 'friend' } })
      people.late = { ...ann, token: await token({ sub: ann.id, exp: seconds() - 3600 }) }
      people.nobody = {}
      await client.query('INSERT INTO example.subscriptions (user_id, active) VALUES ($1, true)', [ann.id])
    })
    after(() => closeExplained(stage))

    const streams = () => ['/api/orders/events?store=loja-a&events=order_created,order_cancelled', '/api/orders/events?store=loja-a', `/api/orders/events?store=${encodeURIComponent(wide)}`, '/api/orders/events?store=loja+b%2Bc', '/api/orders/events',
      '/api/orders/stream', '/api/events', '/api/workorders/stream', '/stream/rounds/ROULETTE/123/v1/live?k=3', '/things/mine', '/things/tagged/red', '/things/all',
      `/things/of/${people.ann.id}`, '/things/x/mine', '/nothing']

    async function write(round) {
      const [one, two, three] = [1, 2, 3].map((id) => id + 10 * round)
      const { ann, bob } = people
      const orders = []
      for (const [user, store] of [[ann, 'loja-a'], [bob, 'loja-a'], [ann, wide], [bob, wide]]) orders.push(await addOrder(client, user, store))
      for (const order of orders) await setStatus(client, order, 'Preparing')
      await setStatus(client, orders[0], 'Cancelled')
      await client.query('UPDATE example.orders SET user_id = $1 WHERE id = $2', [bob.id, orders[2].id])
      await client.query('UPDATE example.orders SET store_slug = $1 WHERE id = $2', ['loja-a', orders[3].id])
      await client.query('DELETE FROM example.orders WHERE id = $1', [orders[1].id])
      const gone = await addUser(client)
      await client.query('DELETE FROM example.users WHERE id = $1', [gone.id])
      await client.query("UPDATE example.work_orders SET board_column = 'col-x', status = status || '_X'")
      await client.query("INSERT INTO example.games VALUES ('ROULETTE', 'other', 'Other') ON CONFLICT DO NOTHING; INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', '123', 7, 'red'), ('ROULETTE', 'other', 8, 'black')")
      await client.query("INSERT INTO things VALUES ($3, $1, '{red,blue}', 'a'), ($4, $2, '{red}', 'b'), ($5, NULL, '{}', 'c')", [ann.id, bob.id, one, two, three])
      await client.query("UPDATE things SET note = note || '!'")
      await client.query('UPDATE things SET owner = $1 WHERE id = $2', [bob.id, one])
      await client.query(`UPDATE things SET tags = '{blue}' WHERE id = ${one}; UPDATE things SET owner = NULL WHERE id = ${two}`)
      await client.query("SELECT herald.publish('things', 'note', '1', jsonb_build_object('owner', $1::text, 'tags', 'red')), herald.publish('things', 'note', '2')", [ann.id])
      await client.query("SELECT herald.rule('things', 'thing_seen', 'update', 'NEW.note = ''seen''')")
      await client.query(`UPDATE things SET note = 'seen'; UPDATE things SET note = 'unseen'; DELETE FROM things WHERE id = ${two}`)
      await client.query("SELECT herald.revoke(jti => 'someone')")
    }

    // A `bulk` event of each topic goes to everyone on it.
    async function end() {
      const spare = await addUser(client)
      await client.query(`BEGIN; SELECT herald.mute(); UPDATE things SET note = 'end'; UPDATE example.orders SET total_qty = total_qty + 1;
        DELETE FROM example.users WHERE id = '${spare.id}'; UPDATE example.work_orders SET status = status || 'Z';
        INSERT INTO example.rounds (game_type, game_id, value, color) VALUES ('ROULETTE', '123', 9, 'red'); COMMIT`)
    }

    test('every verdict on every subscriber and every change is what the stream did', async () => {
      const subscribers = []
      for (const path of streams()) {
        for (const [who, { token: given }] of Object.entries(people)) {
          const stream = await stage.daemon.subscribe(path, { token: given, name: `${who} ${path}` })
          if (stream.status === 200) await stream.next(path.includes('/rounds/') ? 'ready' : 'connected', slow)
          subscribers.push({ path, given, stream })
        }
      }
      const { rows: [{ base }] } = await client.query('SELECT coalesce(max(id), 0) AS base FROM herald.changes')
      for (const round of [0, 1]) await write(round)
      await end()
      const { rows: changes } = await client.query('SELECT id, event, topic FROM herald.changes WHERE id > $1 ORDER BY id', [base])
      assert.ok(changes.length >= 90, `${changes.length} changes`)
      const open = subscribers.filter(({ stream }) => stream.status === 200)
      for (const { stream } of open) await stream.when(() => stream.frames.some((frame) => /muted/.test(frame.data) || (/Fe26/.test(frame.data) && frame.name === 'bulk')), slow, () => `the end of ${stream.name}; the last ones: ${stream.tail()}; ${stream.connections.length}`)

      const differences = []
      const counts = { gets: 0, 'does not get': 0 }
      const pairs = subscribers.flatMap((subscriber) => changes.map((change) => ({ ...subscriber, change })))
      // It asks for a seventh of the pairs. With the sanitizers it asks for a third of that. Of
      // streams that nobody may open it asks for fewer, because there the verdict does not depend
      // on the change.
      const rarely = sanitized() ? 3 : 1
      const asked = process.env.EXPLAIN === 'all' ? pairs : pairs.filter(({ stream }, n) => n % (rarely * (stream.status === 200 ? 7 : 97)) === 0)
      const work = async () => {
        for (let pair = asked.pop(); pair; pair = asked.pop()) {
          const { path, given, stream, change } = pair
          const got = stream.frames.some((frame) => frame.id?.split('-')[1] === change.id && frame.name !== 'connected' && frame.name !== 'ready')
          const report = await explain(stage, { stream: path, change: change.id, token: given, args: ['--encryption-key', key] })
          counts[report.verdict]++
          if (report.code !== 0 || (report.verdict === 'gets') !== got) differences.push({ name: stream.name, change, got, report })
        }
      }
      await Promise.all([work(), work(), work()])
      for (const { stream } of subscribers) await stream.close()
      assert.deepEqual(differences.slice(0, 3), [], `${differences.length} differences`)
      assert.ok(counts.gets > 60 / rarely && counts['does not get'] > 250 / rarely, JSON.stringify(counts))
      console.log(`# ${JSON.stringify({ streams: streams().length, subscribers: subscribers.length, open: open.length, changes: changes.length, ...counts })}`)
    })
  })

  describe('says what stands in the way', () => {
    let stage, client, ann, bob, order, last
    before(async () => {
      stage = await openExplained({ prepare: (cluster) => cluster.psql(moreStreams + `;
        CREATE FUNCTION public.asked(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO public.things VALUES ((claims ->> 'number')::int); RETURN (claims ->> 'number')::int > 6; END $$;
        SELECT herald.stream('/things/asked', '{things}', authorize => 'public.asked');
        CREATE FUNCTION public.now_of(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
        SELECT herald.action('GET', '/things/of/now', 'public.now_of')`) })
      client = await stage.cluster.client()
      await addStore(client, 'loja-a')
      ;[ann, bob] = [await addUser(client), await addUser(client)]
      const stream = await stage.daemon.subscribe('/api/orders/stream', { token: ann.token })
      await stream.next('connected', slow)
      order = await addOrder(client, ann, 'loja-a')
      last = (await stream.next('order_status_update', slow)).id
      await stream.close()
    })
    after(() => closeExplained(stage))

    const own = (options) => explain(stage, { stream: '/api/orders/stream', change: last, token: ann.token, ...options })
    const refused = async (options, reason) => {
      const report = await own(options)
      assert.equal(report.verdict, 'does not get', JSON.stringify(report))
      assert.equal(report.code, 0)
      assert.match(report.reason, reason)
      return report
    }

    test('for people: a line a check, aligned, and the verdict after them', async () => {
      const args = ['explain', '--database-url', stage.cluster.url(), '--jwt-secret-file', stage.secretFile, '--stream', '/api/orders/stream', '--change', last]
      const mine = await run(args, { env: { PGHERALD_TOKEN: ann.token } })
      assert.equal(mine.code, 0)
      assert.match(mine.stdout, /\ngets\n$/)
      assert.match(mine.stdout, /^ok {2}match user_id +claims\.sub is \S+; the event's is \S+$/m)
      const columns = mine.stdout.trimEnd().split('\n').slice(0, -2).map((line) => /^(ok|no|-|\?) +\S+( (user_id|form|signature|times|issuer|audience|subject|jti|revoked|by))? {2,}/.exec(line)?.[0].length)
      assert.equal(new Set(columns).size, 1, mine.stdout)
      const others = await run(args, { env: { PGHERALD_TOKEN: bob.token } })
      assert.equal(others.code, 0)
      assert.match(others.stdout, new RegExp(`^does not get: match user_id: claims\\.sub is ${bob.id}; the event's is ${ann.id}$`, 'm'))
    })

    test('the number after the dash is enough, and a wrong tick is put right', async () => {
      const [tick, change] = last.split('-')
      assert.equal((await own({ change })).verdict, 'gets')
      const report = await own({ change: `${Number(tick) + 7}-${change}` })
      assert.match(said(report, 'tick')[0].says, new RegExp(`^${tick}, and not ${Number(tick) + 7}: its id is ${last}$`))
    })

    test('each fault of a token, and the claims none the less', async () => {
      const expired = await token({ sub: ann.id, exp: seconds() - 3600 })
      const report = await refused({ token: expired }, /^token times: it has expired; until 20\d\d-/)
      assert.equal(report.claims.sub, ann.id)
      assert.equal(said(report, 'match', 'user_id')[0].outcome, 'ok')
      await refused({ token: await token({ sub: ann.id, nbf: seconds() + 3600 }) }, /^token times: it is not valid yet/)
      await refused({ token: await token({ sub: ann.id, exp: null }) }, /^token times: it has no exp/)
      await refused({ token: await token({ sub: ann.id }, { secret: 'another-key-of-more-than-32-bytes-0123456789' }) }, /^token signature: its signature is wrong/)
      await refused({ token: await token({ sub: ann.id }, { alg: 'HS384' }) }, /^token signature: no configured key is for its alg/)
      await refused({ token: 'no-token' }, /^token form: it has not the form of a token/)
      await refused({ token: await token({ sub: 7.5 }) }, /^token subject: /)
      await refused({ args: ['--jwt-issuer', 'https://id.example'] }, /^token issuer: /)
      await refused({ args: ['--jwt-audience', 'shop'] }, /^token audience: /)
      await refused({ token: undefined }, /^token: there is none/)
      const both = await token({ sub: ann.id, iss: 'https://id.example', aud: ['x', 'shop'], jti: 'one' })
      assert.equal((await own({ token: both, args: ['--jwt-issuer', 'https://id.example', '--jwt-audience', 'shop'] })).verdict, 'gets')
      await client.query("SELECT herald.revoke(jti => 'one')")
      await refused({ token: both }, /^token revoked: /)
    })

    test('without a key the claims are read, and it says that the signature was not checked', async () => {
      const result = await run(['explain', '--json', '--database-url', stage.cluster.url(), '--stream', '/api/orders/stream', '--change', last],
        { env: { PGHERALD_TOKEN: await token({ sub: ann.id }, { secret: 'another-key-of-more-than-32-bytes-0123456789' }) } })
      const report = JSON.parse(result.stdout)
      assert.equal(report.verdict, 'gets')
      assert.deepEqual(said(report, 'token', 'signature').map(({ outcome, says }) => [outcome, says]), [['-', 'not checked: this configuration has no key of tokens']])
    })

    test('claims in place of a token, a token from a file, from the query, and where a flag stands', async () => {
      assert.equal((await own({ token: undefined, args: ['--claims', JSON.stringify({ sub: ann.id })] })).verdict, 'gets')
      await refused({ token: undefined, args: ['--claims', JSON.stringify({ sub: bob.id })] }, /^match user_id/)
      await client.query('SELECT herald.revoke(sub => $1)', [bob.id])
      await refused({ token: undefined, args: ['--claims', JSON.stringify({ sub: bob.id })] }, /^token revoked/)
      const file = join(stage.directory, 'token')
      writeFileSync(file, `${ann.token}\n`)
      assert.equal((await own({ token: undefined, args: ['--token-file', file] })).verdict, 'gets')
      const byQuery = await own({ token: undefined, stream: `/api/orders/stream?token=${ann.token}` })
      assert.equal(byQuery.verdict, 'gets')
      assert.ok(!JSON.stringify(byQuery).includes(ann.token))
    })

    test('a token of the command line is overwritten there', async () => {
      const blocker = await stage.cluster.client()
      await blocker.query('BEGIN; LOCK TABLE herald.streams')
      const args = ['explain', '--database-url', stage.cluster.url(), '--jwt-secret-file', stage.secretFile, '--stream', `/api/orders/stream?token=${bob.token}`, '--change', last, '--token', ann.token]
      const child = start(program, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
      // The daemon may wait for it, too.
      const waiting = async () =>
        (await client.query("SELECT FROM pg_locks JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND relation = 'herald.streams'::regclass AND a.application_name = 'pgherald'")).rowCount > 0
      await until(waiting, { timeout: slow, what: 'explain waiting for the lock' })
      const line = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
      await blocker.query('COMMIT')
      await blocker.end()
      assert.equal((await child.exited).code, 0, output)
      assert.match(line, /explain/)
      for (const secretText of [ann.token, bob.token]) assert.ok(!line.includes(secretText) && !output.includes(secretText))
      assert.match(output, /\ngets\n/)
    })

    test('the stream: none, an action in its place, another one that fits too, a parameter that is missing', async () => {
      await refused({ stream: '/api/orders/streams' }, /^stream: there is none for \/api\/orders\/streams$/)
      await refused({ stream: '/things/of/now' }, /^stream: the action GET \/things\/of\/now has this path$/)
      await refused({ stream: '/api/orders/events', token: await token({ sub: ann.id, role: 'admin' }) }, /^match: the parameter store is missing$/)
      const report = await own({ stream: '/things/of/mine' })
      assert.match(said(report, 'stream')[0].says, /^\/things\/:who\/mine with \{"who":"of"\}$/)
      assert.equal(said(report, 'stream', 'other')[0].says, '/things/of/:who fits too, and comes after it')
    })

    test('require: which claim fails, its value and what is allowed; which alternative holds', async () => {
      const path = `/things/of/${ann.id}`
      await refused({ stream: path, token: bob.token }, /^token revoked/)
      await refused({ stream: path, token: await token({ sub: 'x', role: 'customer' }) }, /^require: role is "customer", allowed \["admin"\]; or sub is "x", allowed \["params\.who"\]$/)
      await refused({ stream: path, token: await token({ sub: 'x' }) }, /^require: role is not among the claims, allowed \["admin"\]; or sub is "x"/)
      assert.match(said(await own({ stream: path }), 'require')[0].says, /^alternative 2 of \[/)
      await refused({ stream: '/things/x/mine', token: ann.token }, /^match owner: claims\.friends has no value$/)
      const many = Array.from({ length: 10100 }, (_, n) => `f${n}`)
      await refused({ stream: '/things/x/mine', token: undefined, args: ['--claims', JSON.stringify({ sub: 'x', friends: many })] }, /^match: more than 10000 combinations/)
    })

    test('authorize: its answer, with what it writes taken back; a failure is a no', async () => {
      const ask = (number) => ({ stream: '/things/asked', token: undefined, args: ['--claims', JSON.stringify({ sub: ann.id, number })] })
      const report = await own(ask(7))
      assert.deepEqual(said(report, 'authorize').map(({ outcome, says }) => [outcome, says]), [['ok', 'public.asked says yes to role postgres']])
      await refused(ask(6), /^authorize: public\.asked says no to role postgres$/)
      await refused(ask('x'), /^authorize: public\.asked failed, which is a no: invalid input syntax/)
      assert.equal(await stage.cluster.psql('SELECT count(*) FROM things'), '0')
    })

    test('a function that lacks a right: the answer cannot be said, and the database says which right', async () => {
      await stage.cluster.psql(`
        CREATE ROLE asker LOGIN;
        SELECT herald.grant_daemon('asker');
        CREATE TABLE public.members (who text, tag text);
        INSERT INTO public.members VALUES ('ann', 'red');
        CREATE FUNCTION public.tags_of(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT tag FROM public.members WHERE who = claims ->> 'sub' $$;
        CREATE FUNCTION public.is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM public.members WHERE who = claims ->> 'sub') $$;
        SELECT herald.stream('/things/listed', '{things}', match => '{"tags": "function:public.tags_of"}');
        SELECT herald.stream('/things/members', '{things}', authorize => 'public.is_member');
        INSERT INTO public.things VALUES (70, 'ann', '{red}')`)
      const change = await stage.cluster.psql('SELECT max(id) FROM herald.changes')
      const ask = (stream, role) => own({ stream, change, token: undefined, args: ['--claims', '{"sub": "ann"}', '--database-url', stage.cluster.url('app', role)] })
      for (const [stream, of] of [['/things/listed', 'a function of match'], ['/things/members', 'public.is_member']]) {
        const report = await ask(stream, 'asker')
        assert.deepEqual([report.verdict, report.code], ['cannot be said', 1], JSON.stringify(report))
        assert.equal(report.reason, `authorize: ${of}: permission denied for table members for role asker`)
        assert.match(said(report, 'authorize')[0].do, /GRANT/)
        assert.deepEqual(said(report, 'match', 'tags'), [], 'what was not listed is not said to be none')
        assert.equal((await ask(stream, 'postgres')).verdict, 'gets')
      }
      await stage.cluster.psql('GRANT SELECT ON members TO asker')
      for (const stream of ['/things/listed', '/things/members']) assert.equal((await ask(stream, 'asker')).verdict, 'gets')
    })

    test('the change: topic, event, and which rule made it', async () => {
      await refused({ stream: '/api/events', token: await token({ sub: 'a', role: 'admin' }) }, /^topic: orders is none of the stream's: users$/)
      const store = { stream: '/api/orders/events?store=loja-a', token: await token({ sub: 'a', role: 'admin' }) }
      const report = await refused(store, /^event: order_status_update is none of the stream's: order_created, order_updated, order_cancelled$/)
      assert.deepEqual([...said(report, 'made by'), ...said(report, 'or by')].map(({ says }) => says.replace(/, data.*/, '')),
        ['rule of example.orders on insert', 'rule of example.orders on update where NEW.order_status <> OLD.order_status'])
      await refused({ args: ['--events', 'a,b'] }, /^filter: order_status_update is none of those asked for: a, b$/)
      assert.equal((await own({ args: ['--events', 'a,order_status_update'] })).verdict, 'gets')
    })

    const change = async (sql, values) => {
      await client.query(sql, values)
      const { rows: [{ id }] } = await client.query('SELECT max(id) AS id FROM herald.changes')
      await until(async () => (await client.query('SELECT FROM herald.ticks WHERE upto >= $1', [id])).rowCount > 0, { timeout: slow, what: 'a tick' })
      return id
    }
    const makers = async (id) => said(await own({ stream: '/things/all', change: id, token: undefined }), 'made by').map(({ says }) => says)

    test('what is no rule is named too: default events, left, bulk, publish', async () => {
      assert.deepEqual(await makers(await change("INSERT INTO things VALUES (90, 'a', '{x}')")), ['watch of public.things: the default event, for the table has no rules'])
      const left = await change("UPDATE things SET owner = 'b' WHERE id = 90")
      assert.deepEqual(await makers(left), ['watch of public.things: a row left those who saw it by owner, tags'])
      const still = await own({ stream: '/things/mine', change: left, token: await token({ sub: 'a' }) })
      assert.equal(still.verdict, 'gets')
      assert.equal(said(still, 'unless')[0].outcome, 'ok')
      const asked = await own({ stream: '/things/mine', change: left, token: await token({ sub: 'a' }), args: ['--events', 'x'] })
      assert.deepEqual([asked.verdict, said(asked, 'filter')[0].says], ['gets', 'left goes out whatever is asked for'])
      await refused({ stream: '/things/all', change: left, token: undefined }, /^unless: the row is to be seen here still/)
      assert.deepEqual(await makers(await change("SELECT herald.publish('things', 'sale', '1')")), ['herald.publish, or a rule that is not there any more'])
      assert.match((await makers(await change("BEGIN; SELECT herald.mute(); UPDATE things SET note = 'x'; COMMIT")))[0], /^herald\.mute\(\)/)
    })

    test('a change that is not there: not given out yet, rolled back, still open, pruned; or in no tick', async () => {
      await refused({ change: 99999999 }, /^change: 99999999 has not been given out yet$/)
      await client.query("BEGIN; INSERT INTO things VALUES (91, 'a', '{}')")
      const { rows: [{ id }] } = await client.query('SELECT last_value AS id FROM herald.change_id')
      const open = await own({ change: id })
      assert.deepEqual([open.verdict, open.code], ['cannot be said', 1])
      assert.match(open.reason, /^change: \d+ is not there: its transaction is open still, or was rolled back$/)
      await client.query('ROLLBACK')
      // The daemon prunes now and then. It then holds the lock of those that write meanwhile.
      const decided = await until(async () => { const report = await own({ change: id }); return report.code === 0 && report }, { timeout: slow, what: 'a verdict' })
      assert.match(decided.reason, /^change: \d+ was never committed: its transaction was rolled back$/)

      stage.daemon.pause()
      try {
        await client.query("INSERT INTO things VALUES (92, 'a', '{}')")
        const { rows: [{ id: fresh }] } = await client.query('SELECT max(id) AS id FROM herald.changes')
        await refused({ stream: '/things/all', change: fresh }, /^tick: in none yet, so nobody has got it: does 'pgherald serve' run\?$/)
      } finally {
        stage.daemon.resume()
      }
      await change("INSERT INTO things VALUES (93, 'a', '{}')")
      await client.query("UPDATE herald.ticks SET at = at - interval '1 day'; SELECT herald.prune('1 hour')")
      const gone = await own({})
      assert.deepEqual([gone.verdict, gone.code], ['cannot be said', 1])
      assert.match(gone.reason, /is below what retention has left, from tick \d+ on: pruned, or never committed$/)
      await refused({ stream: '/nothing' }, /^stream: there is none/) // that decides without the change, too
    })
  })

  test('wrong usage is 2, a schema that is not there 4, a database that is not there 1', async () => {
    const cluster = await Cluster.start()
    try {
      const ask = async (...args) => (await run(['explain', '--database-url', cluster.url(), ...args])).code
      assert.equal(await ask('--change', '1'), 2)
      assert.equal(await ask('--stream', 'x', '--change', '1'), 2)
      for (const stream of ['/a%zz', '/a%5Cb', '/a?x=%ff', '/a b', '/é', `/a?${'x&'.repeat(65)}`]) assert.equal(await ask('--stream', stream, '--change', '1'), 2, stream)
      const several = await run(['explain', '--database-url', cluster.url(), '--stream', '/stream/multi?paths=/a,/b&token=secret', '--change', '1'])
      assert.equal(several.code, 2)
      assert.match(several.stderr, /explain takes one stream: give --stream each of the paths of \/stream\/multi by itself/)
      for (const change of ['', 'x', '1-', '-1', '1-2-3', '99999999999999999999']) assert.equal(await ask('--stream', '/a', '--change', change), 2, change)
      assert.equal(await ask('--stream', '/a', '--change', '1', '--claims', '[]'), 2)
      assert.equal(await ask('--stream', '/a', '--change', '1', '--claims', '{}', '--token', 'x'), 2)
      assert.equal(await ask('--stream', '/a', '--change', '1', 'more'), 2)
      assert.equal(await ask('--stream', '/a', '--change', '1', '--token-file', '/nowhere'), 1)
      assert.equal(await ask('--stream', '/a', '--change', '1'), 4)
      assert.equal((await run(['explain', '--database-url', cluster.url('nonesuch'), '--stream', '/a', '--change', '1'])).code, 1)
    } finally {
      await cluster.destroy()
    }
  })
})
