// The documents. What they link to exists, and so do the files and functions that they name.
// run: once
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { repository } from '../lib/daemon.mjs'

const notOurs = ['.git', '.demo', 'build', 'node_modules']

/** All files below this directory, except those that are made or come from elsewhere. */
function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.includes(entry.name)) return []
    const path = join(directory, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

const files = filesBelow(repository)
const read = (path) => readFileSync(path, 'utf8')
const documents = files.filter((path) => path.endsWith('.md')).map((path) => ({ path, name: relative(repository, path), text: read(path) }))
const withoutBlocks = (text) => text.replace(/^```[^]*?^```/gm, '')

/** The anchors of a document's headings, as GitHub makes them. */
function anchors(text) {
  const seen = new Map()
  return new Set([...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, title]) => {
    const words = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  }))
}

/** What is wrong with a link of this document. Undefined if nothing is. */
function faultOf(link, { path, text }) {
  const [target, anchor] = link.split('#')
  const file = target === '' ? path : join(dirname(path), decodeURIComponent(target))
  if (target !== '' && !existsSync(file)) return 'there is no such file'
  if (anchor === undefined) return undefined
  return anchors(file === path ? text : read(file)).has(anchor) ? undefined : 'there is no such heading'
}

const links = (text) =>
  [...withoutBlocks(text).replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^[a-z]+:/.test(link))

const rooms = readdirSync(repository).filter((name) => statSync(join(repository, name)).isDirectory() && !notOurs.includes(name))

/**
 * The paths that a document names in `…`. These words end with a slash or an extension, or
 * begin with a folder of the top.
 */
function paths(text) {
  const words = [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].map(([, code]) => code.split(/\s/)[0])
  const looksLikeOne = (word) => /^[\w.@-]+\/[\w.@*/-]*$/.test(word) && (/(\/|\.[a-z]\w*|\.\*)$/.test(word) || rooms.includes(word.split('/')[0]))
  return words.filter(looksLikeOne).filter((word) => !notOurs.includes(word.split('/')[0]))
}

/**
 * True if the file exists in one of these places:
 * - the top
 * - the document's folder, or a folder in it
 * - what the package exports
 */
function isThere(word, { path }) {
  if (word.startsWith('@pgherald/client/')) return existsSync(join(repository, 'contrib/client/dist', word.slice('@pgherald/client/'.length)))
  const here = dirname(path)
  const folders = here === repository ? [] : readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(here, name))
  const bases = [repository, here, ...folders, ...(path.includes('/src/') ? [join(repository, 'src')] : [])]
  if (!/\*|NNNN/.test(word)) return bases.some((base) => existsSync(join(base, word)))
  const pattern = new RegExp(`^${word.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*').replace('NNNN_name', '\\d{4}_\\w+')}$`)
  return bases.some((base) => files.some((file) => pattern.test(relative(base, file))))
}

/** The names of what SQL makes in the schema herald. */
const made = new Set(files.filter((path) => path.endsWith('.sql') && relative(repository, path).startsWith('sql/'))
  .flatMap((path) => [...read(path).matchAll(/CREATE (?:OR REPLACE )?(?:FUNCTION|TABLE|VIEW|SEQUENCE|DOMAIN|TYPE)(?: IF NOT EXISTS)? herald\.(\w+)/g)])
  .map(([, name]) => name))

describe('the documents', () => {
  for (const document of documents) {
    test(`${document.name}: its links lead to a file, and to a heading`, () => {
      const broken = links(document.text).map((link) => [link, faultOf(link, document)]).filter(([, fault]) => fault)
      assert.deepEqual(broken, [])
    })

    test(`${document.name}: the files and folders that it names are there`, () => {
      assert.deepEqual(paths(document.text).filter((word) => !isThere(word, document)), [])
    })

    test(`${document.name}: what it names of the schema herald is there`, () => {
      const named = [...document.text.matchAll(/\bherald\.([a-z]\w*)/g)].map(([, name]) => name)
      assert.deepEqual(named.filter((name) => !made.has(name)), [])
    })
  }

  test('the README is a door: 130 lines, 8 kB and 100 columns at most', () => {
    const readme = read(join(repository, 'README.md'))
    const lines = readme.trimEnd().split('\n')
    assert.ok(lines.length <= 130, `${lines.length} lines`)
    assert.ok(Buffer.byteLength(readme) <= 8192, `${Buffer.byteLength(readme)} bytes`)
    assert.deepEqual(lines.filter((line) => [...line].length > 100), [])
  })

  test('the pictures are small', () => {
    const pictures = files.filter((path) => /\.(png|webp|jpe?g|gif)$/.test(path))
    assert.deepEqual(pictures.filter((path) => statSync(path).size > 120_000), [])
    const shown = new Set(documents.flatMap(({ path, text }) => links(text).map((link) => join(dirname(path), link))))
    assert.deepEqual(pictures.filter((path) => !shown.has(path)), [], 'no document shows it')
  })

  test('are all of them, with links, files and functions', () => {
    assert.ok(documents.length > 15)
    for (const what of [links, paths]) assert.ok(documents.flatMap(({ text }) => what(text)).length > 50)
    assert.ok(made.size > 100)
  })
})

// Without these tests the silence of the tests above would prove nothing.
describe('a document with a fault', () => {
  const document = { path: join(repository, 'contrib/doc/none.md'), text: '# One & two\n## One & two\n`a.b`' }

  test('a link to no file, or to no heading, is found', () => {
    assert.equal(faultOf('nothing.md', document), 'there is no such file')
    assert.equal(faultOf('backup.md#nothing', document), 'there is no such heading')
    assert.equal(faultOf('#one--two-1', document), undefined)
    assert.equal(faultOf('../../sql/README.md#actions', document), undefined)
  })

  test('a path that is not there is found', () => {
    const named = paths('`sql/migrations/NNNN_name.sql`, `contrib/demo/run --once`, `src/nothing.c`, `backup.md/`, `contrib/demo/pages/pedidos.*`, `a/b`, `text/event-stream`, `/my/orders.x`')
    assert.deepEqual(named, ['sql/migrations/NNNN_name.sql', 'contrib/demo/run', 'src/nothing.c', 'backup.md/', 'contrib/demo/pages/pedidos.*'])
    assert.deepEqual(named.filter((word) => !isThere(word, document)), ['src/nothing.c', 'backup.md/'])
  })
})
