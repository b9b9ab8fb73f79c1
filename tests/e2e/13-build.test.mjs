// make on a machine on which nothing was prepared. Stubs stand for the programs that are missing.
// run: once
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { repository } from '../lib/daemon.mjs'
import { run, start, temporaryDirectory } from '../lib/process.mjs'
import { until } from '../lib/wait.mjs'

const directory = temporaryDirectory('build')

/** Makes a PATH on which these programs are scripts of the test. */
function pathWith(name, stubs) {
  const bin = join(directory, name)
  mkdirSync(bin)
  for (const [program, script] of Object.entries(stubs)) {
    writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, program), 0o755)
  }
  return `${bin}:${process.env.PATH}`
}

const make = (PATH, ...args) => run('make', [`BUILD=${join(directory, 'out')}`, ...args], { cwd: repository, env: { ...process.env, PATH }, timeout: 60_000 })
const nothingInstalled = { 'dpkg-query': 'exit 1' }

describe('building', () => {
  test('without a compiler make names the packages, and what installs them', async () => {
    const { code, stderr, stdout } = await make(pathWith('bare', nothingInstalled), 'CC=no-such-compiler')
    assert.notEqual(code, 0)
    assert.match(stderr, /built with a C compiler \(no-such-compiler\), pkg-config and libpq .*libmicrohttpd/)
    assert.match(stderr, /^Missing: gcc .*libpq-dev.*zlib1g-dev/m)
    assert.match(stderr, /^'make deps' installs them/m)
    assert.doesNotMatch(stdout, /^CC /m, 'nothing is compiled')
  })

  test('without a library it is the same', async () => {
    const { code, stderr } = await make(pathWith('no-library', { ...nothingInstalled, 'pkg-config': 'exit 1' }))
    assert.notEqual(code, 0)
    assert.match(stderr, /^Missing: .*libjson-c-dev/m)
  })

  test('what cannot be installed is told, with what to do', async () => {
    const stubs = { ...nothingInstalled, id: 'echo 0', env: 'shift; case $* in *update*) echo "E: no archive"; exit 100 ;; esac' }
    const deps = (PATH) => run(join(repository, '.ci/deps'), ['build'], { env: { ...process.env, PATH }, timeout: 60_000 })
    if (process.getuid() === 0) {
      const { code, stdout, stderr } = await deps(pathWith('no-archive', stubs))
      assert.equal(code, 1)
      assert.match(stdout, /^deps: E: no archive$/m)
      assert.match(stderr, /the list of packages cannot be had/)
    }
    const empty = pathWith('no-sudo', { ...nothingInstalled, id: 'echo 1000' }).split(':')[0]
    for (const tool of ['sh', 'grep']) await run('ln', ['-s', (await run('sh', ['-c', `command -v ${tool}`])).stdout.trim(), join(empty, tool)])
    const { code, stderr } = await deps(empty)
    assert.equal(code, 1)
    assert.match(stderr, /needs root: run this as root, or install sudo/)
  })

  test('Ctrl-C amid an installation ends when apt does', async () => {
    const done = join(directory, 'done')
    const apt = `trap "" INT; echo "W: it begins"; while [ ! -e ${done} ]; do sleep 0.05; done; echo "E: it is done"`
    const sudo = `case $* in *install*) ${apt} ;; *rm*) [ -e ${done} ] || echo "E: too early" ;; *tee*) cat >&2 ;; esac`
    const PATH = pathWith('interrupted', { ...nothingInstalled, id: 'echo 1000', sudo })
    const deps = start(join(repository, '.ci/deps'), ['build'], { detached: true, env: { ...process.env, PATH }, stdio: ['ignore', 'pipe', 'ignore'] })
    let said = ''
    deps.stdout.on('data', (chunk) => (said += chunk))
    try {
      await until(() => said.includes('W: it begins'), { what: 'the installation' }) // a signal that comes before the shells expect it ends them
      process.kill(-deps.pid, 'SIGINT')
      await until(() => said.includes('when apt has done'), { what: 'what it says to Ctrl-C' })
      assert.equal(deps.exitCode ?? deps.signalCode, null, said)
    } finally {
      writeFileSync(done, '')
    }
    assert.equal((await deps.exited).code, 130)
    assert.match(said, /^deps: E: it is done$/m)
    assert.doesNotMatch(said, /too early/)
  })

  test('what is installed is all in one place, whatever its name', async () => {
    const built = join(directory, 'out')
    mkdirSync(built, { recursive: true })
    writeFileSync(join(built, 'pgherald'), '')
    const place = join(directory, `it's "João" here`)
    const PREFIX = '/opt/a b'
    const DESTDIR = relative(repository, place) // make takes it relative to its own directory
    const install = (goal) => make(process.env.PATH, '-o', 'all', goal, `DESTDIR=${DESTDIR}`, `PREFIX=${PREFIX}`, 'SYSCONFDIR=/c d')
    const { code, stderr } = await install('install')
    assert.equal(code, 0, stderr)
    assert.deepEqual(readdirSync(join(place, PREFIX, 'bin')), ['pgherald'])
    const sql = (root) => readdirSync(join(root, 'sql'), { recursive: true }).filter((name) => name.endsWith('.sql')).sort()
    assert.deepEqual(sql(join(place, PREFIX, 'share/pgherald')), sql(repository))
    const installed = (path) => readdirSync(join(place, PREFIX, 'share', path)).sort()
    for (const page of readdirSync(join(repository, 'contrib/man')))
      assert.ok(installed(`man/man${page.at(-1)}`).includes(page), page)
    assert.deepEqual(installed('doc/pgherald'), readdirSync(join(repository, 'contrib/doc')).sort())
    assert.deepEqual(['bash-completion/completions', 'zsh/site-functions', 'fish/vendor_completions.d'].flatMap(installed), ['pgherald.bash', '_pgherald', 'pgherald.fish'])
    const units = join(place, PREFIX, 'lib/systemd/system')
    assert.deepEqual(readdirSync(units), readdirSync(join(repository, 'contrib/systemd')))
    assert.match(readFileSync(join(units, 'pgherald.service'), 'utf8'), /^ExecStart="\/opt\/a b\/bin\/pgherald" serve --config \/etc/m)
    const sample = join(place, 'c d/pgherald/pgherald.conf.sample')
    assert.match(readFileSync(sample, 'utf8'), /^#listen = 127/m)
    await install('uninstall')
    assert.deepEqual(readdirSync(join(place, PREFIX)).filter((name) => readdirSync(join(place, PREFIX, name)).length > 0), [])
    assert.equal(existsSync(join(place, 'c d/pgherald')), false)
    assert.deepEqual(readdirSync(join(place, PREFIX, 'share')), [])
  })

  test('the version stands in one place, and all that repeat it are compared with it', async () => {
    const { stdout } = await make(process.env.PATH, '-s', 'version')
    const versions = (version) => run(join(repository, '.ci/versions'), [version], { cwd: repository })
    assert.deepEqual(await versions(stdout.trim()).then(({ code, stdout: said }) => ({ code, said })), { code: 0, said: '' })
    const other = await versions('9.9.9')
    assert.equal(other.code, 1)
    for (const file of ['contrib/client/package.json', 'README.md', 'contrib/doc/changes.md']) assert.ok(other.stdout.includes(`${file} does not say`), file)
  })

  test('the tarball has the same bytes each time, and needs no git', async (t) => {
    const isClone = await run('git', ['-C', repository, 'rev-parse', 'HEAD'])
    if (isClone.code !== 0) return t.skip('this tree is not a clone')
    const sums = []
    for (const [name, umask, zone] of [['one', '022', 'UTC'], ['two', '077', 'Asia/Tokyo']]) {
      const clone = join(directory, name)
      assert.equal((await run('git', ['clone', '-q', repository, clone])).code, 0)
      const { code, stdout, stderr } = await run('sh', ['-c', `umask ${umask}; exec make -s dist`], { cwd: clone, env: { ...process.env, TZ: zone } })
      assert.equal(code, 0, stderr)
      sums.push(stdout)
    }
    assert.match(sums[0], /^[0-9a-f]{64} {2}pgherald-\d+\.\d+\.\d+\.tar\.gz\n$/)
    assert.equal(sums[0], sums[1])
    const tarball = sums[0].trim().split(/ +/)[1]
    assert.equal((await run('tar', ['xf', join(directory, 'one/build', tarball), '-C', directory])).code, 0)
    const PATH = pathWith('no-git', { git: 'echo "git is not here" >&2; exit 127' })
    const { code, stderr, stdout } = await run('make', ['-n', '-o', 'all', 'build/pgherald', 'install'], { cwd: join(directory, tarball.replace('.tar.gz', '')), env: { ...process.env, PATH } })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /-o build\/pgherald /)
    assert.doesNotMatch(stdout + stderr, /\bgit\b/)
  })

  test("Debian's package is built with what .ci/deps names, and its scripts are plain", async () => {
    const control = readFileSync(join(repository, 'contrib/debian/control'), 'utf8')
    const needed = control.split('Build-Depends:\n')[1].split('\nStandards')[0].match(/(?<=^ )[a-z][\w.+-]*/gm)
    const [, build] = /^build="(.+)"$/m.exec(readFileSync(join(repository, '.ci/deps'), 'utf8'))
    const essential = ['gcc', 'libc6-dev', 'make', 'pkg-config'] // of build-essential, or by another name
    assert.deepEqual(needed.filter((name) => !['debhelper-compat', 'pkgconf'].includes(name)), build.split(' ').filter((name) => !essential.includes(name)).sort())
    for (const script of ['contrib/debian/postinst', 'contrib/debian/prerm', 'contrib/debian/postrm', '.ci/deb', '.ci/completion', '.ci/versions', 'contrib/container/root']) {
      const { code, stderr } = await run('dash', ['-n', join(repository, script)])
      assert.equal(code, 0, stderr)
    }
  })

  test('no step of building needs another shell than sh', async () => {
    const { stdout } = await run('grep', ['-nE', '^SHELL|(^|[;&|@(\t])[ \t]*bash |<\\(|\\[\\[', join(repository, 'Makefile')])
    assert.equal(stdout, '')
    const { code, stderr } = await run('dash', ['-n', join(repository, '.ci/deps')])
    assert.equal(code, 0, stderr)
  })
})
