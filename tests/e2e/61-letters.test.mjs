// Letters of all scripts, on every way in and out. Token, body, path, query, event and header carry
// them as the same bytes.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { addressOf, answers, exchange } from '../lib/raw.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'

const names = {
  'a letter with a tilde': 'João',
  'the same of two characters': 'Joa\u0303o',
  'han characters': '日本',
  'an emoji of several': '👩‍👩‍👧‍👦 😀',
  'the first and the last beyond ASCII': '\u0080ÿ\u{10FFFF}',
  'from right to left': 'שלום-مرحبا',
}

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id serial PRIMARY KEY, owner text, "décrit" text);
  CREATE FUNCTION public.echo(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', request) $$;
  CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT claims || params $$;
  SELECT herald.watch('notes', audience => '{owner}');
  SELECT herald.rule('notes', 'ação_日本', 'insert', data => 'to_jsonb(NEW)');
  SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');
  SELECT herald.stream('/lines', '{notes}', match => '{"owner": "claims.name"}', format => 'message');
  SELECT herald.stream('/of/:who', '{notes}', match => '{"owner": "params.who"}');
  SELECT herald.stream('/state/:who', '{notes}', match => '{"owner": "params.who"}', snapshot => 'public.state');
  SELECT herald.stream('/for/some', '{notes}', match => '{"owner": "params.q"}', require => '{"name": [${Object.values(names).map((name) => JSON.stringify(name)).join().replaceAll("'", "''")}]}');
  SELECT herald.action('POST', '/echo/:who', 'public.echo');`)

describe('letters', { skip: missing() }, () => {
  let stage, daemon, client
  before(async () => {
    stage = await openStage({ prepare })
    daemon = stage.daemon
    client = await stage.cluster.client()
  })
  after(() => stage?.close())

  /** What the database makes of a new row. */
  async function insert(name) {
    const { rows: [row] } = await client.query('INSERT INTO notes (owner, "décrit") VALUES ($1, $1) RETURNING to_jsonb(notes)::text AS bytes', [name])
    return row.bytes
  }

  async function hears(name, path, options) {
    const stream = await daemon.subscribe(path, options)
    await stream.next('connected')
    const bytes = await insert(name)
    const frame = await stream.next('ação_日本')
    assert.equal(frame.raw, `id: ${frame.id}\nevent: ação_日本\ndata: ${bytes}\n\n`)
    await stream.close()
  }

  for (const [what, name] of Object.entries(names)) {
    const encoded = encodeURIComponent(name)

    test(`${what}: a token's sub, in the header, the cookie and the query`, async () => {
      const jwt = await token({ sub: name, name, groups: [name] })
      await hears(name, '/own', { token: jwt })
      await hears(name, '/own', { headers: { Cookie: `jwt=${jwt}` } })
      await hears(name, `/own?token=${jwt}`)
    })

    test(`${what}: a parameter of path and query, and a required claim`, async () => {
      const jwt = await token({ sub: 'ann', name })
      await hears(name, `/of/${encoded}`, { token: jwt })
      await hears(name, `/for/some?q=${encoded}`, { token: jwt })
    })

    test(`${what}: lines, a page and a state`, async () => {
      const headers = { Authorization: `Bearer ${await token({ sub: 'ann', name })}`, Accept: 'application/json' }
      const { json: { cursor } } = await request(daemon.url('/lines'), { headers })
      const bytes = await insert(name)
      const { json: { events: [event] } } = await request(daemon.url(`/lines?after=${cursor}&wait=20`), { headers })
      assert.deepEqual(event.data, { type: 'ação_日本', ...JSON.parse(bytes) })
      const { json: { events: [state] } } = await request(daemon.url(`/state/${encoded}`), { headers })
      assert.equal(state.event, 'snapshot')
      assert.deepEqual([state.data.name, state.data.who], [name, name])
    })

    test(`${what}: a body, as it is and escaped, comes to an action and back`, async () => {
      const headers = { Authorization: `Bearer ${await token({ sub: name, name })}`, 'Content-Type': 'application/json' }
      const escaped = [...Array(name.length)].map((_, n) => `\\u${name.charCodeAt(n).toString(16).padStart(4, '0')}`).join('')
      for (const written of [name, escaped]) {
        const { status, text, json } = await request(daemon.url(`/echo/${encoded}?q=${encoded}`), { method: 'POST', headers, body: `{"${written}":["${written}"]}` })
        assert.equal(status, 200, text)
        assert.deepEqual(json.body, { [name]: [name] })
        assert.deepEqual([json.params, json.query, json.claims.sub, json.claims.name], [{ who: name }, { q: name }, name, name])
        assert.ok(text.includes(`"${name}"`), 'the bytes are UTF-8, not escapes')
      }
    })

    test(`${what}: in a header and a cookie beside ours it is nobody's concern; bare in the target it is refused`, async () => {
      const ask = async (target, more) => answers(await exchange(addressOf(daemon.url('')), Buffer.from(
        `GET ${target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nAuthorization: Bearer ${await token({ sub: name })}\r\n${more}\r\n`)))
      assert.deepEqual(await ask('/own', `X-Name: ${name}\r\nCookie: name=${name}; a=b\r\n`), [200])
      assert.deepEqual(await ask(`/of/${name.replace(' ', '')}`, ''), [400])
      assert.deepEqual(await ask(`/own?q=${name.replace(' ', '')}`, ''), [400])
    })
  }

  test('after a restart the log says the same bytes', async () => {
    const jwt = await token({ sub: 'ann' })
    const read = async (name) => {
      const stream = await daemon.subscribe(`/of/${encodeURIComponent(name)}`, { token: jwt, lastEventId: 'earliest' })
      await stream.when(() => stream.events.length >= 6, 60_000, () => 'six events')
      await stream.close()
      return stream.events.map(({ raw }) => raw)
    }
    const before = await Promise.all(Object.values(names).map(read))
    assert.equal(await daemon.stop(), 0)
    await daemon.start()
    assert.deepEqual(await Promise.all(Object.values(names).map(read)), before)
  })

  test('bytes that are no UTF-8 are refused wherever they come in', async () => {
    const jwt = await token({ sub: 'ann' })
    for (const bad of ['%FF', '%C3', '%ED%A0%80', '%C0%AF', '%F4%90%80%80'])
      for (const path of [`/of/${bad}`, `/for/some?q=${bad}`])
        assert.equal((await request(daemon.url(path), { headers: { Authorization: `Bearer ${jwt}` } })).status, 400, path)
    const post = (bytes) => request(daemon.url('/echo/x'), { method: 'POST', body: bytes, headers: { Authorization: `Bearer ${jwt}`, 'Content-Type': 'application/json' } })
    for (const bytes of ['ff', 'c3', 'eda080', 'c0af', 'f4908080'])
      assert.equal((await post(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes, 'hex'), Buffer.from('"}')]))).status, 400, bytes)
  })
})
