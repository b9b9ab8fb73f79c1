// What the pattern of a path names reaches each function, whatever the name. What authorises stands
// in the query under some of these names, and reaches none.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'

const names = ['token', 'ticket', 'last_event_id', 'lastEventId', 'after', 'wait', 'ping', 'events', 'path', 'paths', 'club']

describe('parameters of the path', { skip: missing(), timeout: 120_000 }, () => {
  let stage
  before(async () => {
    stage = await openStage({ prepare: (cluster) => cluster.psql(`
      CREATE TABLE notes (id int PRIMARY KEY, owner text);
      SELECT herald.watch('notes', audience => '{owner}');
      CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$ SELECT params $$;
      CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT params <> '{}' $$;
      CREATE FUNCTION public.told(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('body', request) $$;
      SELECT herald.stream('/s/' || n || '/:' || n, '{notes}', match => jsonb_build_object('owner', 'params.' || n), authorize => 'public.may', snapshot => 'public.state'),
             herald.stream('/m/' || n || '/:' || n, '{notes}', match => jsonb_build_object('owner', 'params.' || n), authorize => 'public.may'),
             herald.action('GET', '/a/' || n || '/:' || n, 'public.told') FROM unnest('{${names}}'::text[]) n`) })
  })
  after(() => stage?.close())

  const bearer = async () => ({ Authorization: `Bearer ${await token({ sub: 'ann' })}` })

  for (const name of names) {
    test(`:${name}`, async () => {
      const { daemon, cluster } = stage
      const stream = await daemon.subscribe(`/s/${name}/ann`, { token: await token({ sub: 'ann' }) })
      assert.deepEqual(JSON.parse((await stream.next('snapshot')).data), { [name]: 'ann' })
      await stream.next('ready')
      await cluster.psql(`INSERT INTO notes SELECT count(*), 'ann' FROM notes`)
      await stream.next('notes.insert')
      await stream.close()
      const { json } = await request(daemon.url(`/a/${name}/ann`), { headers: await bearer() })
      assert.deepEqual([json.params, json.query], [{ [name]: 'ann' }, {}])
    })
  }

  test('of several streams in one connection each gets its own, or nobody is let in', async () => {
    const { daemon, cluster } = stage
    const stream = await daemon.subscribe('/stream/multi?paths=/m/ticket/ann,/m/token/bob', { token: await token({ sub: 'ann' }) })
    assert.equal(stream.status, 200, stream.current.head)
    await stream.next('connected')
    for (const owner of ['ann', 'bob']) {
      await cluster.psql(`INSERT INTO notes SELECT count(*), '${owner}' FROM notes`)
      await stream.next(({ name, data }) => name === 'notes.insert' && JSON.parse(data).row.owner === owner)
    }
    await stream.close()
  })

  test('a ticket in the query opens the stream, and no function hears of it', async () => {
    const { daemon } = stage
    for (const path of ['/s/ticket/ann', '/s/club/ann']) {
      const { json: { ticket } } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: await bearer() })
      const stream = await daemon.subscribe(`${path}?ticket=${ticket}&color=red`)
      assert.deepEqual(JSON.parse((await stream.next('snapshot')).data), { [path.split('/')[2]]: 'ann', color: 'red' })
      await stream.close()
    }
  })
})
