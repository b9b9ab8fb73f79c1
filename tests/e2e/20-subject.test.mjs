// The subject is the claim that `jwt-subject` names, and a number is taken as text. All that goes
// by the subject goes by that claim: tickets, renewals, revocations, rechecks, limits.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing, run } from '../lib/daemon.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, secret, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

describe('subject', { skip: missing() }, () => {
  let stage, daemon, other, usual, nested
  before(async () => {
    const flags = ['--jwt-subject', 'user_id', '--jwt-leeway', '0s', '--max-streams-per-user', '2']
    stage = await openStage({
      daemon: { flags },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner text);
        CREATE TABLE members (who int PRIMARY KEY, active boolean NOT NULL);
        INSERT INTO members VALUES (7, true), (8, true);
        CREATE FUNCTION is_member(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
          $$ SELECT EXISTS (SELECT FROM public.members m WHERE m.who = (claims ->> 'user_id')::int AND m.active) $$;
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.user_id"}');
        SELECT herald.stream('/sub', '{notes}', match => '{"owner": "claims.sub"}');
        SELECT herald.stream('/club', '{notes}', authorize => 'public.is_member', recheck => '{"public.members": "who"}');`),
    })
    daemon = stage.daemon
    other = await stage.addDaemon({ flags })
    usual = await stage.addDaemon()
    nested = await stage.addDaemon({ flags: ['--jwt-subject', 'act.user.id'] })
  })
  after(() => stage?.close())

  async function open(claims, { from = daemon, path = '/own', query = '' } = {}) {
    const stream = await Subscriber.open(from.url(path + query), query ? {} : { token: await token(claims) })
    if (stream.status === 200) await stream.next('connected')
    else await stream.close()
    return stream
  }
  async function statusOf(claims, options) {
    const stream = await open(claims, options)
    await stream.close()
    return stream.status
  }
  const write = (owner) => stage.cluster.psql(`INSERT INTO notes (owner) VALUES ('${owner}')`)
  const ends = async (stream, reason) => {
    assert.equal(JSON.parse((await stream.next('closing')).data).reason, reason)
    await stream.ended()
  }
  const post = async (path, claims, { from = daemon, body } = {}) => request(from.url(path), {
    method: 'POST', body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${await token(claims)}`, ...(body && { 'Content-Type': 'application/json' }) },
  })

  test('it is the claim that jwt-subject names, by name or by path, and no other', async () => {
    assert.equal(await statusOf({ user_id: 'ann' }), 200)
    assert.equal(await statusOf({ sub: 'ann' }), 401)
    assert.equal(await statusOf({ sub: 'ann', user_id: '' }), 401)
    await daemon.said(/its subject \(jwt-subject\) is missing, or is neither/)
    assert.equal(await statusOf({ user_id: 'ann' }, { from: usual }), 401)
    const all = { user_id: 'ann' } // what /own asks for
    assert.equal(await statusOf({ ...all, act: { user: { id: 9 } } }, { from: nested }), 200)
    assert.equal(await statusOf({ ...all, 'act.user.id': 'flat', act: 'text' }, { from: nested }), 200)
    assert.equal(await statusOf({ ...all, act: { user: { id: {} } } }, { from: nested }), 401)
    assert.equal(await statusOf({ ...all, sub: 'ann', act: { user: 9 } }, { from: nested }), 401)
  })

  test('a whole number is taken as text, and what is no name is refused', async () => {
    for (const id of [7, 0, -7, 2 ** 53, '7']) assert.equal(await statusOf({ user_id: id }), 200, String(id))
    for (const id of [1.5, null, true, {}, [7], '', 'a\nb', 'x'.repeat(256)]) assert.equal(await statusOf({ user_id: id }), 401, JSON.stringify(id))
    const stream = await open({ sub: 7 }, { from: usual, path: '/sub' })
    await write(8)
    await write(7)
    assert.equal(JSON.parse((await stream.next('notes.insert')).data).row.owner, '7')
    await stream.close()
  })

  test('a ticket is that of the subject, on any instance', async () => {
    const { status, json } = await post('/stream/ticket', { user_id: 7 })
    assert.equal(status, 201)
    assert.equal(await stage.cluster.psql('SELECT sub FROM herald.tickets'), '7')
    const stream = await open(null, { from: other, query: `?ticket=${json.ticket}` })
    assert.equal(stream.status, 200)
    await write(7)
    assert.equal(JSON.parse((await stream.next('notes.insert')).data).row.owner, '7')
    await stage.cluster.psql(`SELECT herald.revoke(sub => '7', until => now() + interval '1 hour')`)
    await ends(stream, 'revoked')
    await stage.cluster.psql('DELETE FROM herald.revocations')
    await until(async () => await statusOf({ user_id: 7 }) === 200, { what: 'the pardon' })
  })

  test('a revocation ends the streams of the subject, a number or a text', async () => {
    const mine = [await open({ user_id: 17 }), await open({ user_id: '17' }, { from: other })]
    const theirs = await open({ user_id: 18, sub: '17' })
    await stage.cluster.psql(`SELECT herald.revoke(sub => '17')`)
    for (const stream of mine) await ends(stream, 'revoked')
    assert.equal(await statusOf({ user_id: 17, iat: seconds() - 60 }), 401)
    await write(18)
    await theirs.next('notes.insert')
    await theirs.close()
  })

  test('a new token of the same subject renews a stream, from any instance', async () => {
    await Promise.all([daemon, other].map(async (from, at) => {
      const user = 27 + at
      const stream = await open({ user_id: user, exp: seconds() + 10 })
      const { stream: code } = JSON.parse((await stream.next('expiring')).data)
      const later = { exp: seconds() + 60 }
      assert.equal((await post('/stream/renew', { user_id: 29, sub: String(user), ...later }, { body: { stream: code } })).status, 403)
      assert.equal((await post('/stream/renew', { user_id: String(user), ...later }, { from, body: { stream: code } })).status, from === daemon ? 200 : 202)
      const end = Date.now() + 10_500
      await until(() => Date.now() > end, { what: 'the former end' })
      await write(user)
      await stream.next('notes.insert')
      await stream.close()
    }))
  })

  test('a change of the table that decides asks again for the subject', async () => {
    const [mine, theirs] = [await open({ user_id: 7 }, { path: '/club' }), await open({ user_id: 8 }, { path: '/club' })]
    await stage.cluster.psql('UPDATE members SET active = false WHERE who = 7')
    await ends(mine, 'forbidden')
    assert.ok(theirs.open)
    await theirs.close()
  })

  test('limits count the streams of the subject', async () => {
    const streams = [await open({ user_id: 37, sub: 'a' }), await open({ user_id: '37', sub: 'b' })]
    assert.equal(await statusOf({ user_id: 37, sub: 'c' }), 429)
    assert.equal(await statusOf({ user_id: 38, sub: 'a' }), 200)
    for (const stream of streams) await stream.close()
  })

  test('`token` and `explain` go by it, too', async () => {
    const env = { PGHERALD_JWT_SECRET: secret, PGHERALD_JWT_SUBJECT: 'user_id' }
    const made = await run(['token', '--sub', 'ann'], { env })
    assert.equal(made.code, 0, made.stderr)
    const claims = JSON.parse(Buffer.from(made.stdout.split('.')[1], 'base64url'))
    assert.deepEqual([claims.user_id, claims.sub], ['ann', undefined])
    const stream = await Subscriber.open(daemon.url('/own'), { token: made.stdout.trim() })
    await stream.next('connected')
    await write('ann')
    const { id } = await stream.next('notes.insert')
    await stream.close()
    const explain = (...args) => run(['explain', '--database-url', stage.cluster.url(), '--stream', '/own', '--change', id, ...args], { env })
    assert.match((await explain('--token', made.stdout.trim())).stdout, /ok {2}token subject +ann/)
    await stage.cluster.psql(`SELECT herald.revoke(sub => 'ann')`)
    assert.match((await explain('--claims', '{"user_id": "ann"}')).stdout, /no {2}token revoked/)
    assert.match((await explain('--claims', '{"sub": "ann", "user_id": 9}')).stdout, /ok {2}token revoked/)
  })
})
