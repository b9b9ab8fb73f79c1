// The client package as npm would have it: what linters of packages say, what is in the tarball, a
// plain Node project that has installed it, and how much a page loads.
// run: once
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { after, before, describe, test } from 'node:test'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { clientPath } from '../lib/client.mjs'
import { removeDirectory, run, temporaryDirectory } from '../lib/process.mjs'

const coreMost = 6050 // bytes: 5,979 with the zlib of Node's own builds, 6,008 with Debian 13's
const attw = join(dirname(createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js')
const manifest = JSON.parse(readFileSync(join(clientPath, 'package.json'), 'utf8'))

describe('the package', { timeout: 280_000 }, () => {
  let directory, tarball
  before(async () => {
    directory = temporaryDirectory('package')
    const { code, stdout, stderr } = await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: clientPath, timeout: 60_000 })
    assert.equal(code, 0, stderr)
    tarball = join(directory, stdout.trim())
  })
  after(() => directory && removeDirectory(directory))

  test('publint has nothing to say', async () => {
    const { messages } = await publint({ pkgDir: clientPath, strict: true })
    assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), [])
  })

  test('types are right for every resolver, those of old tools too', async () => {
    const { code, stdout } = await run(process.execPath, [attw, tarball, '--format', 'ascii', '--no-color'], { cwd: directory, timeout: 120_000 })
    assert.equal(code, 0, stdout)
    assert.match(stdout, /No problems found/)
  })

  test('the tarball has the licence, the changes and the sources of its maps, and no tests', async () => {
    const { stdout } = await run('tar', ['tzf', tarball])
    const files = stdout.trim().split('\n')
    for (const name of ['LICENSE', 'README.md', 'CHANGES.md', 'dist/react.js.map', 'dist/cjs/package.json', 'src/react.ts', 'react/package.json']) assert.ok(files.includes(`package/${name}`), name)
    assert.ok(!files.some((name) => /\.test\.|node_modules|tsconfig/.test(name)))
    const map = JSON.parse(readFileSync(join(clientPath, 'dist/cjs/react.js.map'), 'utf8'))
    assert.ok(existsSync(join(clientPath, 'dist/cjs', map.sourceRoot, map.sources[0])))
    assert.equal(readFileSync(join(clientPath, 'LICENSE'), 'utf8'), readFileSync(join(clientPath, '../../LICENSE'), 'utf8'))
  })

  test('pages of React on a server know that hooks are for the browser', () => {
    for (const name of ['react', 'example']) assert.match(readFileSync(join(clientPath, `dist/${name}.js`), 'utf8'), /^'use client';/)
  })

  test('a plain Node project that has installed the tarball imports and requires it, and a stream runs', async () => {
    const project = temporaryDirectory('project')
    writeFileSync(join(project, 'package.json'), '{"private":true}')
    const { code, stderr } = await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project, timeout: 120_000 })
    assert.equal(code, 0, stderr)
    const act = `const server = scripted({ state: () => [{ id: '9007199254740993' }] })
      const store = rows({ url: 'http://test/x', key: 'id', fetch: server.fetch })
      store.subscribe(() => { if (store.getSnapshot().status === 'ready') { console.log(exact('9007199254740993') === store.getSnapshot().rows[0].id, typeof connect, typeof unseal); store.close() } })`
    const parts = [['{ connect, rows }', ''], ['{ scripted }', '/testing'], ['{ exact }', '/exact'], ['{ unseal }', '/unseal.js']]
    writeFileSync(join(project, 'a.mjs'), parts.map(([names, path]) => `import ${names} from '@pgherald/client${path}'\n`).join('') + act)
    writeFileSync(join(project, 'b.cjs'), parts.map(([names, path]) => `const ${names} = require('@pgherald/client${path}')\n`).join('') + act)
    for (const file of ['a.mjs', 'b.cjs']) {
      const { stdout, stderr } = await run(process.execPath, [file], { cwd: project, timeout: 30_000 })
      assert.equal(stdout.trim(), 'true function function', `${file}: ${stderr}`)
    }
    removeDirectory(project)
  })

  test('a page loads less than 6 kB at first', async (t) => {
    const later = { name: 'later', setup: (it) => it.onResolve({ filter: /./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined)) }
    const sizes = {}
    for (const [name, file] of [['connect', 'index'], ['rows', 'index'], ['useRows', 'react']]) {
      const contents = `import { ${name} } from './dist/${file}.js'; console.log(${name})`
      const { outputFiles } = await build({ stdin: { contents, resolveDir: clientPath }, bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, external: ['react'], plugins: [later] })
      sizes[name] = gzipSync(outputFiles[0].contents, { level: 9 }).length
    }
    t.diagnostic(`bytes with gzip: ${JSON.stringify(sizes)}`)
    assert.ok(sizes.connect < coreMost, JSON.stringify(sizes))
    assert.ok(readFileSync(join(clientPath, 'README.md'), 'utf8').includes(`A page loads ${(sizes.connect / 1000).toFixed(1)} kB at first`))
  })
})
