// What a row holds arrives as it is. The bytes of `data` are those that PostgreSQL makes of it, in
// one line.
// run: both
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE texts (id int PRIMARY KEY, note text, amount numeric(12,2), big bigint, doc json, bin jsonb, at timestamptz, tags text[], raw bytea, precise numeric);
  CREATE TABLE ruled (LIKE texts INCLUDING ALL);
  SELECT herald.watch('texts');
  SELECT herald.watch('ruled');
  SELECT herald.rule('ruled', 'text_changed', 'any', data => 'to_jsonb(NEW)');
  SELECT herald.stream('/texts', '{texts}');
  SELECT herald.stream('/ruled', '{ruled}');
  SELECT herald.stream('/typed', '{ruled}', format => 'message');`)

const rows = {
  'newlines and carriage returns': { note: 'a\nb\r\nc\rd\n\n\ndata: x\n\nevent: y\nid: 1-1\n' },
  'U+2028, U+2029, U+0085 and a byte order mark': { note: '\uFEFFa\u2028b\u2029c\u0085d' },
  'quotes and backslashes': { note: '"double" \'single\' \\ \\n \\u0041 `back`' },
  'emoji and combined characters': { note: '👩‍👩‍👧‍👦 😀 é é ‏עברית 漢字 \u{10FFFF}' },
  'control characters': { note: '\u0001\u0008\u000b\u000c\u001b\u007f\t' },
  'markup': { note: '</script><!-- & <b>' },
  'empty text': { note: '' },
  'nothing but NULL': {},
  'numeric 460.00': { amount: '460.00' },
  '2^63-1': { big: '9223372036854775807' },
  '-2^63': { big: '-9223372036854775808' },
  'a numeric of forty digits': { precise: '1234567890123456789012345678901234567890.0000000001' },
  '200 KB of text': { note: 'é😀x\n'.repeat(20_000) },
  'a json column with raw newlines between its tokens': { doc: '{\n  "a": [1,\r\n 2],\n\t"b": "x"\n}\n' },
  'a jsonb column': { bin: '{"b": 1, "a": {"c": [1.50, null, true]}}' },
  'a time, an array and bytes': { at: '2026-02-26T05:10:00.123456Z', tags: '{"a b",NULL,"c\\"d"}', raw: '\\x00ff0a' },
}

describe('bytes', { skip: missing() }, () => {
  let stage, client, plain, ruled, typed
  before(async () => {
    stage = await openStage({ prepare })
    client = await stage.cluster.client()
    const open = async (path) => stage.daemon.subscribe(path, { token: await token({ sub: 'ann' }) })
    ;[plain, ruled, typed] = await Promise.all(['/texts', '/ruled', '/typed'].map(open))
  })
  after(async () => {
    for (const stream of [plain, ruled, typed]) await stream?.close()
    await stage?.close()
  })

  let id = 0
  /** Inserts a row, and returns what its data is to be: to_jsonb's text, with three characters escaped. */
  async function insert(table, values) {
    const names = ['id', ...Object.keys(values)]
    const marks = names.map((_, index) => `$${index + 1}`)
    await client.query(`INSERT INTO ${table} (${names}) VALUES (${marks})`, [++id, ...Object.values(values)])
    const { rows: [row] } = await client.query(`SELECT to_jsonb(t)::text AS bytes FROM ${table} t WHERE id = $1`, [id])
    const sent = row.bytes.replace(/[\u0085\u2028\u2029]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
    assert.deepEqual(JSON.parse(sent), JSON.parse(row.bytes))
    return sent
  }

  for (const [what, values] of Object.entries(rows)) {
    test(`${what}: data is to_jsonb's text, in one data line`, async () => {
      const bytes = await insert('ruled', values)
      const frame = await ruled.next('text_changed')
      assert.equal(frame.data, bytes)
      assert.deepEqual(frame.fields, ['id', 'event', 'data'])
      assert.equal(frame.raw, `id: ${frame.id}\nevent: text_changed\ndata: ${bytes}\n\n`)
    })
  }

  test('the default data holds the row with the same bytes', async () => {
    for (const values of Object.values(rows)) {
      const bytes = await insert('texts', values)
      const frame = await plain.next('texts.insert')
      assert.ok(frame.data.includes(`"row": ${bytes}`), frame.data.slice(0, 300))
      assert.deepEqual(Object.keys(JSON.parse(frame.data)).sort(), ['changed', 'key', 'old', 'op', 'row', 'table'])
    }
  })

  test('format message adds the type and changes nothing else', async () => {
    const started = typed.frames.length
    for (const values of Object.values(rows)) {
      const bytes = await insert('ruled', values)
      const frame = await typed.next(({ data }) => JSON.parse(data).id === id)
      const { type, ...rest } = JSON.parse(frame.data)
      assert.equal(type, 'text_changed')
      assert.deepEqual(rest, JSON.parse(bytes))
      assert.equal(frame.event, 'message')
      for (const literal of Object.values(values).filter((value) => /^-?[0-9.]+$/.test(value))) assert.ok(frame.data.includes(literal), literal)
    }
    assert.ok(typed.frames.length >= started + Object.keys(rows).length)
  })

  test('the same rows read back from the log, after a restart of the daemon, are the same bytes', async () => {
    await ruled.when(() => ruled.events.length >= typed.events.length, 30_000, () => 'what the other stream has')
    const live = ruled.events.map(({ id: eventId, raw }) => [eventId, raw])
    assert.equal(await stage.daemon.stop(), 0)
    await stage.daemon.start()
    const again = await stage.daemon.subscribe('/ruled', { token: await token({ sub: 'ann' }), lastEventId: 'earliest' })
    await again.when(() => again.events.length >= live.length, 30_000, () => `${live.length} events, ${again.events.length} came`)
    assert.deepEqual(again.events.map(({ id: eventId, raw }) => [eventId, raw]), live)
    assert.deepEqual(again.faults, [])
    await again.close()
  })
})
