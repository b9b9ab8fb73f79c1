// Nobody waits for a reader of the log. What is not read is dropped, counted and told.
import assert from 'node:assert/strict'
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { environment } from '../lib/cluster.mjs'
import { Daemon, missing, program } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const prepare = (cluster) => cluster.psql(`
  CREATE TABLE notes (id int PRIMARY KEY, text text);
  SELECT herald.watch('notes');
  SELECT herald.stream('/notes', '{notes}', anonymous => true);
  CREATE FUNCTION may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN RAISE WARNING 'asked for %', params ->> 'store'; RETURN (params ->> 'store')::int > 0; END $$;
  SELECT herald.stream('/stores/:store', '{notes}', authorize => 'public.may');`)

describe('the log', { skip: missing(), timeout: 180_000 }, () => {
  let stage, directory, rows = 0

  before(async () => {
    stage = await openStage({ prepare, daemon: false })
    directory = processes.temporaryDirectory('log')
  })
  after(async () => {
    await stage?.close()
    processes.removeDirectory(directory)
  })

  const dropped = async (daemon) => Number(/^pgherald_log_lines_dropped_total (\d+)$/m.exec((await request(daemon.adminUrl('/metrics'))).text)[1])
  const answers = async (daemon) => assert.equal((await daemon.status()).status, 200)

  const eventComes = async (daemon) => {
    const stream = await daemon.subscribe('/notes')
    await stream.next('connected')
    await stage.cluster.psql(`INSERT INTO notes VALUES (${++rows}, 'x')`)
    await until(() => stream.events.some((event) => JSON.parse(event.data).row.id === rows), { what: 'an event' })
    await stream.close()
  }

  // With a wrong configuration the daemon logs much at each SIGHUP.
  const untilDropped = (daemon) => until(async () => {
    daemon.child.kill('SIGHUP')
    return await dropped(daemon) > 0
  }, { timeout: 90_000, every: 0, what: 'lines that are dropped' })

  const start = async (stderr) => {
    const config = join(directory, 'config')
    writeFileSync(config, 'retry = 1s\n')
    const daemon = await Daemon.start({ cluster: stage.cluster, stderr, flags: ['--config', config] })
    writeFileSync(config, `retry = ${'x'.repeat(4000)}\n`)
    return daemon
  }

  // A pipe of which the test has both ends.
  let pipes = 0
  const openPipe = async () => {
    const path = join(directory, `pipe-${++pipes}`)
    assert.equal((await processes.run('mkfifo', [path])).code, 0)
    return { reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writer: openSync(path, constants.O_WRONLY) }
  }
  const drain = (fd) => {
    const bytes = Buffer.alloc(1 << 16)
    try {
      return bytes.toString('utf8', 0, readSync(fd, bytes))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      return ''
    }
  }

  test('streams that come and go are one line, and each can be traced at level debug', async () => {
    for (const level of ['info', 'debug']) {
      const daemon = await stage.addDaemon({ flags: ['--log-level', level] })
      for (let n = 0; n < 20; n++) await (await daemon.subscribe('/notes')).close()
      await until(async () => (await request(daemon.adminUrl('/metrics'))).text.includes('pgherald_streams_closed_total{reason="client"} 20\n'), { what: 'that all have ended' })
      await daemon.stop()
      const log = daemon.logs()
      assert.equal(log.match(/\[STREAM\] within \d+ s 20 streams were opened; ended: client 20; open now: 0$/gm)?.length, 1, log)
      for (const line of [/\[STREAM \d+\] opened: '\/notes' by '' from 127\.0\.0\.1$/gm, /\[STREAM \d+\] closed: the client left, \d+ bytes in \d+ s: '\/notes' by '' from 127\.0\.0\.1$/gm])
        assert.equal(log.match(line)?.length ?? 0, level === 'debug' ? 20 : 0, `${line}`)
    }
  })

  test('a pipe that nobody reads stops nothing, and what was dropped is told', async () => {
    const { reader, writer } = await openPipe()
    const daemon = await start(writer)
    closeSync(writer)
    try {
      await untilDropped(daemon)
      await answers(daemon)
      await eventComes(daemon)
      let said = ''
      await until(() => / warn +\d+ lines of the log were dropped here/.test(said += drain(reader)), { what: 'a line that says so' })
      await until(async () => {
        await answers(daemon)
        daemon.child.kill('SIGHUP')
        return / dropped here[^]* error retry is 'xxx/.test(said += drain(reader))
      }, { what: 'lines that are taken again' })
      for (const line of said.trimEnd().split('\n').slice(1, -1)) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (error|warn|info|debug) /)
    } finally {
      await daemon.destroy()
      closeSync(reader)
    }
  })

  test('SIGTERM ends a process whose log is stuck', async () => {
    const { reader, writer } = await openPipe()
    const daemon = await start(writer)
    closeSync(writer)
    await untilDropped(daemon)
    assert.equal(await daemon.destroy(), 0)
    closeSync(reader)
  })

  test('a pipe that is full already does not stop its start, nor its refusal to start', async () => {
    const { reader, writer } = await openPipe()
    const filler = openSync(`/proc/self/fd/${writer}`, constants.O_WRONLY | constants.O_NONBLOCK)
    assert.throws(() => { for (;;) writeSync(filler, Buffer.alloc(4096)) }, { code: 'EAGAIN' })
    const daemon = await Daemon.start({ cluster: stage.cluster, stderr: writer, keys: ['--jwt-secret', 'x'.repeat(40)] }) // it warns of such a key
    assert.equal(await daemon.destroy(), 0)
    const child = processes.start(program, ['serve', '--retry', 'x'], { env: environment(), stdio: ['ignore', 'ignore', writer] })
    assert.deepEqual(await child.exited, { code: 3, signal: null })
    for (const fd of [filler, writer, reader]) closeSync(fd)
  })

  test('a reader that ends does not end it', async () => {
    const { reader, writer } = await openPipe()
    const daemon = await start(writer)
    closeSync(writer)
    closeSync(reader)
    await untilDropped(daemon)
    await eventComes(daemon)
    assert.equal(await daemon.destroy(), 0)
  })

  test('a disk that is full does not stop it, nor a file that may not grow', async () => {
    const full = openSync('/dev/full', 'w'), file = openSync(join(directory, 'small'), 'w')
    for (const fd of [full, file]) {
      const daemon = await start(fd)
      closeSync(fd)
      assert.equal((await processes.run('prlimit', ['--pid', String(daemon.pid), '--fsize=4096:4096'])).code, 0)
      await untilDropped(daemon)
      await eventComes(daemon)
      assert.equal(await daemon.destroy(), 0)
    }
  })

  test('who had its standard files closed serves, and writes nothing of the log to a client', async () => {
    const port = await processes.freePort()
    const child = processes.start('sh', ['-c', 'exec "$0" "$@" <&- >&- 2>&-', program, 'serve', '--database-url', stage.cluster.url(), '--listen',
      `127.0.0.1:${port}`, '--admin-listen', '', '--log-level', 'debug', '--jwt-secret', 'x'.repeat(40)], { env: environment(), stdio: 'ignore' })
    const daemon = Object.assign(new Daemon(), { port })
    await until(async () => (await daemon.status()).status === 200, { what: 'an answer' })
    const streams = await Promise.all(Array.from({ length: 5 }, () => daemon.subscribe('/notes')))
    await eventComes(daemon)
    for (const stream of streams) {
      await stream.next((frame) => frame.name === 'notes.insert')
      assert.deepEqual(stream.faults, [])
      await stream.close()
    }
    child.kill('SIGTERM')
    assert.deepEqual(await child.exited, { code: 0, signal: null })
  })

  test('requests that make functions fail, each with other words, do not fill it', async () => {
    const daemon = await Daemon.start({ cluster: stage.cluster })
    const headers = { Authorization: `Bearer ${await token({ sub: '7' })}` }
    const ask = (n) => request(daemon.url(`/stores/none-${n}`), { headers })
    const most = 4 * 10 // connections, and lines a minute
    try {
      for (let n = 0; n < 200; n += 4) {
        for (const { status } of await Promise.all([n, n + 1, n + 2, n + 3].map(ask))) assert.equal(status, 403)
      }
    } finally {
      assert.equal(await daemon.destroy(), 0)
    }
    const told = daemon.log.split('\n').filter((line) => /STREAM JOB.*none-/.test(line)).length
    assert.ok(told > 0 && told <= most, `${told} lines of 400`)
    const untold = [...daemon.log.matchAll(/(\d+) more failures or warnings in queries of 'pgherald asker' are not told/g)]
    assert.equal(untold.reduce((sum, [, count]) => sum + Number(count), told), 400)
  })

  test('libpq writes nothing of its own between its lines: a password file that others can read', async () => {
    const path = join(directory, 'passwords')
    writeFileSync(path, '*:*:*:*:x\n', { mode: 0o644 })
    const daemon = await Daemon.start({ cluster: stage.cluster, env: { PGPASSFILE: path }, flags: ['--log-format', 'json'] })
    try {
      await eventComes(daemon)
      await daemon.said(/the password file '[^']+passwords' is not used: others than its owner/)
    } finally {
      assert.equal(await daemon.destroy(), 0)
    }
    for (const line of daemon.log.trimEnd().split('\n')) assert.ok(JSON.parse(line).message, line)
  })

  test('in JSON a connection is told by fields, and systemd\'s journal gets priorities', async () => {
    const file = join(directory, 'journal')
    const fd = openSync(file, 'a')
    const { dev, ino } = fstatSync(fd)
    const daemon = await Daemon.start({ cluster: stage.cluster, stderr: fd, env: { JOURNAL_STREAM: `${dev}:${ino}` }, flags: ['--log-format', 'json', '--log-level', 'debug'] })
    try {
      const stream = await daemon.subscribe('/notes')
      await stream.next('connected')
      await stream.close()
      const lines = () => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(/^<[3-7]>(\{.*\})$/.exec(line)?.[1] ?? assert.fail(line)))
      const closed = () => lines().find(({ message }) => message === 'stream closed')
      await until(closed, { what: 'the line' })
      const { number, path, user, address, reason, bytes, ms } = closed()
      assert.deepEqual({ path, user, address, reason }, { path: '/notes', user: '', address: '127.0.0.1', reason: 'client' })
      assert.ok(number > 0 && bytes > 0 && ms >= 0)
      assert.ok(lines().some((line) => line.message === 'stream opened' && line.number === number))
    } finally {
      await daemon.destroy()
      closeSync(fd)
    }
  })
})
