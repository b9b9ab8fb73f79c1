// What contrib gives to whoever watches the daemon: alerts and a scrape block for Prometheus, a
// board for Grafana. The Prometheus of Debian reads all of it, beside a daemon.
// run: release
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, repository } from '../lib/daemon.mjs'
import { freePort, removeDirectory, run, start, temporaryDirectory } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const contrib = (name) => join(repository, 'contrib', name)
const board = JSON.parse(readFileSync(contrib('grafana/pgherald.json'), 'utf8'))
const alerts = readFileSync(contrib('prometheus/alerts.yml'), 'utf8')
const expressions = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
const named = (text) => [...new Set(text.match(/\b(?:pgherald|process)_[a-z_]+/g))].filter((name) => !name.endsWith('_')).sort()
const promtool = (await run('promtool', ['--version'])).error?.code === 'ENOENT' ? 'prometheus is not installed' : false

describe('whoever watches the daemon', { skip: missing(), timeout: 240_000 }, () => {
  let stage, metrics
  before(async () => {
    const prepare = (cluster) => cluster.psql(`CREATE TABLE public.items (id serial PRIMARY KEY, note int); SELECT herald.watch('items'); INSERT INTO items DEFAULT VALUES;
      CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      SELECT herald.stream('/items', '{items}', authorize => 'public.may')`)
    stage = await openStage({ prepare })
  })
  after(() => stage?.close())

  const look = async () => (metrics = (await request(stage.daemon.adminUrl('/metrics'))).text)
  const value = (sample) => Number(new RegExp(`^${sample.replace(/[{}+.]/g, '\\$&')} (.+)$`, 'm').exec(metrics)?.[1])

  test('sees how long changes, ticks and authorize functions take, and where resumes begin', async () => {
    const stream = await stage.daemon.subscribe('/items', { token: await token({ sub: '7' }) })
    await stream.next('connected', 30_000)
    await look()
    const [delivered, ticks] = [value('pgherald_delivery_seconds_count'), value('pgherald_tick_seconds_count')]
    assert.ok(value('pgherald_authorize_seconds_count') >= 1)
    assert.ok(value('pgherald_authorize_seconds_sum') > 0)
    await stage.cluster.psql('INSERT INTO items DEFAULT VALUES')
    const event = await stream.next('items.insert', 30_000)
    await until(async () => (await look(), value('pgherald_delivery_seconds_count')) > delivered, { what: 'a delivery' })
    assert.ok(value('pgherald_tick_seconds_count') > ticks)
    assert.equal(value('pgherald_delivery_seconds_bucket{le="+Inf"}'), value('pgherald_delivery_seconds_count'))
    assert.ok(value('pgherald_delivery_seconds_sum') < 20, 'no time is told that nobody has waited')
    await stream.close()
    const ids = { memory: event.id, database: '1-0', none: 'what is this' }
    for (const [source, lastEventId] of Object.entries(ids)) {
      await look()
      const before = value(`pgherald_resumes_total{source="${source}"}`)
      const resumed = await stage.daemon.subscribe('/items', { token: await token({ sub: '7' }), lastEventId })
      await until(async () => (await look(), value(`pgherald_resumes_total{source="${source}"}`)) === before + 1, { what: `a resume from ${source}` })
      await resumed.close()
    }
  })

  test('asks only for metrics that there are', async () => {
    await look()
    const told = new Set([...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) => type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]))
    for (const [what, text] of [['the board', expressions.join('\n')], ['the alerts', alerts.replace(/summary:.*/g, '')]]) {
      assert.ok(named(text).length > 8, what)
      assert.deepEqual(named(text).filter((name) => !told.has(name)), [], what)
    }
  })

  test('has metrics that promtool finds nothing in', { skip: promtool }, async () => {
    const { code, stdout, stderr } = await run('promtool', ['check', 'metrics'], { input: await look() })
    assert.equal(stdout + stderr, '')
    assert.equal(code, 0)
  })

  test('has alerts that come, and do not come too early', { skip: promtool }, async () => {
    for (const args of [['check', 'config', 'scrape.yml'], ['test', 'rules', 'alerts-test.yml']]) {
      const { code, stdout, stderr } = await run('promtool', args, { cwd: contrib('prometheus') })
      assert.equal(code, 0, stdout + stderr)
    }
    const tests = readFileSync(contrib('prometheus/alerts-test.yml'), 'utf8')
    for (const [, name] of alerts.matchAll(/- alert: (\w+)/g)) assert.match(tests, new RegExp(`alertname: ${name}, exp_alerts: \\[\\{`), `${name} is tested`)
  })

  test('has a Prometheus that evaluates all alerts and the whole board', { skip: promtool }, async () => {
    const directory = temporaryDirectory('prometheus')
    const port = await freePort()
    copyFileSync(contrib('prometheus/alerts.yml'), join(directory, 'alerts.yml'))
    const config = readFileSync(contrib('prometheus/scrape.yml'), 'utf8').replace('127.0.0.1:8001', `127.0.0.1:${stage.daemon.adminPort}`).replace('15s', '1s')
    writeFileSync(join(directory, 'prometheus.yml'), `global: { evaluation_interval: 1s }\n${config}`)
    const args = ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']
    const child = start('prometheus', args, { cwd: directory, stdio: 'ignore' })
    const api = async (path) => (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json())
    const query = (expr) => api(`query?query=${encodeURIComponent(expr)}`)
    try {
      await until(async () => (await query('pgherald_up').catch(() => ({}))).data?.result?.[0]?.value[1] === '1', { timeout: 60_000, what: 'the first scrape' })
      await until(async () => (await query('count_over_time(pgherald_up[1m])')).data.result[0].value[1] > 3, { timeout: 60_000, what: 'some scrapes' })
      for (const expr of expressions) {
        const answer = await query(expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*').replaceAll('$job', 'pgherald'))
        assert.equal(answer.status, 'success', `${expr}: ${answer.error}`)
        if (!expr.includes('provider')) assert.ok(answer.data.result.length > 0, `${expr} has a value`)
      }
      const rules = () => api('rules').then(({ data }) => data.groups.flatMap((group) => group.rules))
      await until(async () => (await rules()).every(({ health }) => health === 'ok'), { timeout: 60_000, what: 'all alerts evaluated' })
      assert.deepEqual((await rules()).filter(({ state }) => state !== 'inactive').map(({ name }) => name), [])
    } finally {
      child.kill('SIGKILL')
      await child.exited
      removeDirectory(directory)
    }
  })
})
