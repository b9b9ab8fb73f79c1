// The documents for programmers who carry on the work. What they name exists, and they stay short
// enough to be read.
// run: once
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { repository } from '../lib/daemon.mjs'

const read = (path) => readFileSync(join(repository, path), 'utf8')
const decisions = readdirSync(join(repository, 'src/decisions')).filter((name) => /^\d/.test(name)).sort()
const documents = ['src/README.md', 'src/decisions/README.md', ...decisions.map((name) => `src/decisions/${name}`), 'tests/README.md']

/** All that a document may name: paths of files, and the text that has the functions. */
const files = ['.ci', 'contrib', 'sql', 'src', 'tests'].flatMap((top) =>
  readdirSync(join(repository, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name).slice(repository.length).replace(/^\//, '')))
const has = (path) => files.some((file) => file === path || file.endsWith(`/${path}`))
const text = files.filter((file) => /^(src|sql)\/.*\.(c|h|sql)$/.test(file)).map(read).join('\n')

/** What a document has between backticks, outside of blocks. */
const named = (document) => [...read(document).replace(/^( {4}.*|```[^]*?^```)$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, name]) => name)

describe('the tour, the decisions and the tests\' README', () => {
  test('name files that are there', () => {
    let count = 0
    for (const document of documents) {
      for (const name of named(document).filter((name) => /^[\w./-]+\.(c|h|sql|mjs|md|awk|ts)$/.test(name))) {
        count++
        assert.ok(has(name.replace(/^\.\//, '')), `${document}: ${name}`)
      }
    }
    assert.ok(count > 100, `${count} files are named`)
  })

  test('name functions that are there', () => {
    let count = 0
    for (const document of documents.filter((name) => name.startsWith('src/'))) {
      for (const name of named(document).filter((name) => /^(herald\.)?[a-z]+(_[a-z]+)*(\(\))?$/.test(name) && /[_.]/.test(name))) {
        count++
        const wanted = name.replace('()', '').replaceAll('.', '\\.')
        assert.ok(new RegExp(`\\b${wanted}\\b`).test(text) || has(`${name}.sql`), `${document}: ${name}`)
      }
    }
    assert.ok(count > 50, `${count} functions are named`)
  })

  test('lead to documents that are there', () => {
    for (const document of documents) {
      for (const [, target] of read(document).matchAll(/\]\(([^)#:]+)\)/g)) {
        assert.ok(has(join(document, '..', target)), `${document}: ${target}`)
      }
    }
  })

  test('can be read in a terminal, at one go', () => {
    for (const document of documents) {
      read(document).split('\n').forEach((line, index) => assert.ok(line.length <= 100, `${document}:${index + 1} has ${line.length} columns`))
    }
    for (const document of ['src/README.md', 'tests/README.md']) assert.ok(read(document).split('\n').length <= 121, `${document} is too long`)
  })

  test('each decision says question, decision and why, and is in the list by its title', () => {
    const list = read('src/decisions/README.md')
    for (const name of decisions) {
      const said = read(`src/decisions/${name}`)
      for (const part of ['Question', 'Decision', 'Why']) assert.ok(said.includes(`**${part}.** `), `${name}: ${part}`)
      const lines = said.trimEnd().split('\n')
      assert.ok(lines.length <= 25, `${name} has ${lines.length} lines`)
      assert.ok(list.includes(`- [${name.slice(0, 2)}](${name}) ${lines[0].slice(2)}\n`), `the list lacks ${name}, or its title`)
    }
    assert.equal(list.match(/^- \[\d\d\]/gm).length, decisions.length)
    decisions.forEach((name, index) => assert.equal(Number(name.slice(0, 2)), index + 1, `the number of ${name}`))
  })
})
