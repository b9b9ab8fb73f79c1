// What shells complete. bash is asked as it asks itself; zsh and fish read their files.
// run: release
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, program, repository } from '../lib/daemon.mjs'
import { removeDirectory, run, temporaryDirectory } from '../lib/process.mjs'

const file = (name) => join(repository, 'contrib/completion', name)
const help = (...words) => execFileSync(program, ['help', ...words], { encoding: 'utf8' })
const commands = () => [...help().matchAll(/^ {2}pgherald ([\w-]+) /gm)].map(([, name]) => name)
const flags = (text) => [...text.matchAll(/^ {2}--([\w-]+)/gm)].map(([, name]) => name)

describe('the completion', { skip: missing() }, () => {
  let directory
  before(() => {
    directory = temporaryDirectory('completion')
    mkdirSync(join(directory, 'a folder'))
    writeFileSync(join(directory, 'a file'), '')
  })
  after(() => removeDirectory(directory))

  /** What bash offers for the last of these words, as it splits a line itself. */
  async function offered(...words) {
    const script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pgherald; printf "%s\\n" "${COMPREPLY[@]}"'
    const { code, stdout, stderr } = await run('bash', ['-uc', script, 'bash', file('pgherald.bash'), 'pgherald', ...words], { cwd: directory })
    assert.equal(code, 0, stderr)
    assert.equal(stderr, '')
    return stdout.trim() === '' ? [] : stdout.trim().split('\n')
  }

  test('of bash offers every command, and those that begin so', async () => {
    assert.deepEqual(await offered(''), [...commands(), '--help', '--version'])
    assert.deepEqual(await offered('ver'), ['version'])
    assert.deepEqual(await offered('nothing-like-it'), [])
  })

  test('of bash offers the flags of each command, and all options', async () => {
    const all = flags(help())
    assert.ok(all.length > 30)
    for (const name of commands()) {
      const wanted = [...new Set(['help', 'config', ...all, ...flags(help(name).split('\nOptions of every')[0])])].sort()
      assert.deepEqual((await offered(name, '--')).sort(), wanted.map((flag) => `--${flag}`), name)
    }
  })

  test('of bash offers values where they are known', async () => {
    assert.deepEqual(await offered('serve', '--log-level', ''), ['error', 'warn', 'info', 'debug'])
    assert.deepEqual(await offered('serve', '--log-format', '=', 'j'), ['json'])
    assert.deepEqual((await offered('serve', '--config', 'a')).sort(), ['a file', 'a folder'])
    assert.deepEqual(await offered('serve', '--listen', ''), [])
    assert.deepEqual(await offered('config', 's'), ['sample'])
    assert.deepEqual(await offered('help', 'doc'), ['doctor'])
  })

  for (const [shell, name] of [['zsh', '_pgherald'], ['fish', 'pgherald.fish']])
    test(`of ${shell} is one that ${shell} reads`, async (t) => {
      const { error, code, stderr } = await run(shell, ['-n', file(name)])
      if (error?.code === 'ENOENT') return t.skip(`${shell} is not installed`)
      assert.equal(code, 0, stderr)
    })

  test('of zsh and fish names every command and flag', () => {
    for (const name of ['_pgherald', 'pgherald.fish']) {
      const text = readFileSync(file(name), 'utf8')
      const words = [...commands(), ...commands().flatMap((command) => flags(help(command)))]
      assert.deepEqual(words.filter((word) => !text.includes(word)), [], name)
    }
  })
})
