// What the daemon and the program that has started it tell each other, as systemd does. With
// Type=notify: ready when clients are let in, and not before; reloading and ready again at SIGHUP;
// stopping at SIGTERM. With WatchdogSec: that it lives. With a socket unit: the sockets.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, program } from '../lib/daemon.mjs'
import { environment } from '../lib/cluster.mjs'
import { freePort, start, removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { request } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { secret } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

// Node has no datagrams of unix sockets. perl-base is on every Debian.
const listener = `use Socket; $| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, pack_sockaddr_un($ARGV[0])) or die; print "bound\\n";
  while (defined recv(S, $m, 999, 0)) { $m =~ tr/\\n/ /; print "$m\\n" }`

describe('a supervisor', { skip: missing(), timeout: 60_000 }, () => {
  let stage, directory, place, child, heard = ''
  before(async () => {
    directory = temporaryDirectory('supervisor')
    place = join(directory, 'notify')
    child = start('perl', ['-e', listener, place], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', (chunk) => (heard += chunk))
    await until(() => heard === 'bound\n', { what: 'the listener' })
    stage = await openStage({ daemon: { env: { NOTIFY_SOCKET: place } } })
  })
  after(async () => {
    await stage?.close()
    child?.kill()
    removeDirectory(directory)
  })
  const lines = () => heard.trim().split('\n').slice(1).map((line) => line.replace(/\d{4,}/, 'N'))

  test('is told when clients are let in, at a reload, and at the end', async () => {
    await until(() => lines().length === 1, { what: 'the first message' })
    assert.deepEqual(lines(), ['READY=1'])
    stage.daemon.child.kill('SIGHUP')
    await until(() => lines().length === 3, { what: 'two more' })
    assert.deepEqual(lines().slice(1), ['RELOADING=1 MONOTONIC_USEC=N', 'READY=1'])
    assert.equal(await stage.daemon.stop(), 0)
    await until(() => lines().length === 4, { what: 'the last one' })
    assert.equal(lines()[3], 'STOPPING=1')
  })

  for (const workers of [1, 2])
    test(`hears that ${workers} worker${workers > 1 ? 's live' : ' lives'}, twice in the time that it allows`, async () => {
      heard = ''
      const daemon = await stage.addDaemon({ env: { NOTIFY_SOCKET: place, WATCHDOG_USEC: '400000' }, flags: ['--workers', String(workers)] })
      const pings = () => heard.split('\n').filter((line) => line === 'WATCHDOG=1').length
      await until(() => pings() >= 5, { what: 'five signs of life' })
      daemon.pause()
      const before = pings()
      await until(() => pings() === before, { what: 'silence' })
      daemon.resume()
      await until(() => pings() > before + 2, { what: 'more of them' })
      assert.equal(await daemon.stop(), 0)
    })
})

// It makes the socket, and starts the program with it again each time that it ends, as systemd
// does.
const keeper = `use Socket; $| = 1; $^F = 9; my $port = shift @ARGV;
  socket(S, AF_INET, SOCK_STREAM, 0) or die; setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in($port, INADDR_LOOPBACK)) or die; listen(S, 999) or die;
  die fileno(S) unless fileno(S) == 3; while (1) { my $pid = fork; if (!$pid) { @ENV{qw(LISTEN_PID LISTEN_FDS)} = ($$, 1); exec 'setpriv', '--pdeathsig', 'KILL', '--', @ARGV }
    print "$pid\\n"; waitpid $pid, 0; print "ended $?\\n" }`

describe('a socket that a supervisor keeps', { skip: missing(), timeout: 120_000 }, () => {
  let stage
  before(async () => (stage = await openStage({ daemon: false })))
  after(() => stage?.close())

  for (const workers of [1, 2])
    test(`refuses nobody while ${workers} worker${workers > 1 ? 's are' : ' is'} restarted`, async () => {
      const [port, admin] = [await freePort(), await freePort()]
      const args = ['serve', '--database-url', stage.cluster.url(), '--listen', `127.0.0.1:${port}`, '--admin-listen', `127.0.0.1:${admin}`, '--workers', String(workers)]
      let said = ''
      const child = start('perl', ['-e', keeper, String(port), program, ...args], { env: { ...environment(), PGHERALD_JWT_SECRET: secret }, stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout.on('data', (chunk) => (said += chunk))
      let log = ''
      child.stderr.on('data', (chunk) => (log += chunk))
      const pids = () => [...said.matchAll(/^(\d+)$/gm)].map(([, pid]) => Number(pid))
      const ask = () => request(`http://127.0.0.1:${port}/stream/status`, { timeout: 30_000 }).then(({ status }) => status, (error) => error.message)
      try {
        await until(() => pids().length === 1, { what: 'the socket' })
        assert.equal(await ask(), 200, log)
        const answers = []
        let going = true
        const asking = (async () => { while (going) answers.push(await ask()) })()
        for (const count of [2, 3, 4, 5]) {
          process.kill(pids().at(-1), 'SIGTERM')
          await until(() => pids().length === count, { what: 'the next one' })
          const before = answers.length
          await until(() => answers.length > before + 20, { what: 'answers of the next one' })
        }
        going = false
        await asking
        assert.deepEqual([...new Set(answers)], [200], log)
        assert.deepEqual([...new Set(said.match(/ended \d+/g))], ['ended 0'])
        assert.doesNotMatch(log, /are not used/)
      } finally {
        child.kill('SIGKILL')
        await child.exited
      }
    })
})
