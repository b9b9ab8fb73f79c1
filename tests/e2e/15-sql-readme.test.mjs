// What sql/README.md has a reader type, typed as it stands there, and what it says of files. Also
// what actions.md says of errors.
// run: release
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { migrate, missing, repository } from '../lib/daemon.mjs'

const readme = readFileSync(join(repository, 'sql/README.md'), 'utf8')
const blocks = [...readme.matchAll(/```sql\n([^]*?)```/g)].map(([, text]) => text)
const actions = readFileSync(join(repository, 'contrib/doc/actions.md'), 'utf8')
const block = (words) => blocks.find((text) => text.includes(words)) ?? assert.fail(`sql/README.md has a block with '${words}'`)

describe('a reader of sql/README.md', { skip: missing() }, () => {
  let cluster
  before(async () => {
    cluster = await Cluster.start()
    await migrate(cluster)
    await cluster.psql(`
      CREATE TABLE public.orders (id int PRIMARY KEY, user_id int, note text, status text, paid boolean NOT NULL DEFAULT false);
      CREATE SCHEMA app;`)
  })
  after(() => cluster?.destroy())

  test('the function of the action and all calls run as they stand', async () => {
    await cluster.psql(/```sql\n(CREATE FUNCTION app\.pay[^]*?)```/.exec(actions)[1])
    await cluster.psql(block('SELECT herald.watch('))
    await cluster.psql("INSERT INTO public.orders VALUES (1, '7', 'hush'); UPDATE public.orders SET paid = true")
    assert.equal(await cluster.psql("SELECT string_agg(event, ',' ORDER BY id) FROM herald.changes WHERE topic = 'orders'"), 'sale_begins,order_paid')
    const act = async (id) => JSON.parse(await cluster.psql(
      `SELECT herald.act('POST', '/my/orders/:id/pay', '{"params": {"id": "${id}"}, "claims": {"sub": "7"}}')`))
    assert.deepEqual(await act(1), { status: 200, body: { success: true, id: 1 }, fault: null })
    assert.deepEqual(await act(8), { status: 404, body: { success: false, errors: ['Order not found'] }, fault: 'PT404 Order not found' })
  })

  test('the public functions are as many as it says, and the query lists them', async () => {
    const listed = (await cluster.psql(block('obj_description'))).split('\n').filter((line) => line.includes('|Public: '))
    assert.equal(listed.length, Number(/The schema has (\d+) functions for users/.exec(readme)[1]))
  })

  test('an error becomes the status that the table says', async () => {
    const rows = [...actions.matchAll(/^\| (.*) \| (that|\d+) \| (.*) \|$/gm)].filter(([, what]) => what !== 'the function raises')
    let codes = 0
    for (const [, what, status, says] of rows)
      for (const [, code] of what.matchAll(/`([0-9A-Z]{5}|[0-9A-Z]{2}…)`/g)) {
        const sqlstate = code.replace('…', '001')
        const { status: is, body } = JSON.parse(await cluster.psql(`SELECT herald.act_error('${sqlstate}', 'its message')`))
        assert.equal(String(is), status === 'that' ? code.slice(2) : status, code)
        assert.equal(body.errors[0], says.startsWith('its message') ? 'its message' : says, code)
        codes++
      }
    assert.ok(codes >= 17, `${codes} codes`)
    assert.equal(JSON.parse(await cluster.psql("SELECT herald.act_error('XX000', 'm')")).status, 500)
  })

  test('each file that it names is there, and it names each file of functions', () => {
    const named = [...readme.matchAll(/`([\w/-]+\.sql)`/g)].map(([, name]) => name)
    for (const name of named)
      assert.ok(['', 'sql', 'sql/functions'].some((folder) => existsSync(join(repository, folder, name))), name)
    for (const name of readdirSync(join(repository, 'sql/functions'))) assert.ok(named.includes(name), name)
  })
})
