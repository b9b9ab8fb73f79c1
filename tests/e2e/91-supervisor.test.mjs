// What the daemon tells the program that has started it, as systemd does with Type=notify: ready when
// clients are let in, and not before; reloading and ready again at SIGHUP; stopping at SIGTERM.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing } from '../lib/daemon.mjs'
import { start, removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { openStage } from '../lib/stage.mjs'
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
})
