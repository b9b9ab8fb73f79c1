// faults.mjs [NAME…]: runs the rows, one after another, and prints them as a table on stdout. What
// goes on is on stderr. See run. A row is { name, fault, wanted } with one of
//   run      -> { held, figure }. It throws if data is lost, or if something that has no figure fails
//   file, tests   an e2e file, and parts of the names of its tests; '': all
//   sql      files of tests/sql
//   not      why it is not run
// and perhaps limit, in seconds, and needs, which returns why it cannot run here. A row that did not
// hold by its figure alone is run twice more, for the machine may have been busy. The figure says so.
import { join } from 'node:path'
import { missing, program, repository } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { now, within } from '../lib/wait.mjs'
import * as daemon from './daemon.mjs'
import * as elsewhere from './elsewhere.mjs'
import * as machines from './machines.mjs'
import * as network from './network.mjs'
import * as server from './server.mjs'
import * as versions from './versions.mjs'

const say = (text) => process.stderr.write(`${text}\n`)
const tries = 3
const usual = 180 // seconds

const own = [server, network, daemon, machines, versions].flatMap(({ rows }) => rows)
export const rows = [...own, ...elsewhere.rows].sort((a, b) => order(a.name).localeCompare(order(b.name)))
function order(name) {
  return /^F\d/.test(name) ? name : `G${name}`
}

/** What of a file's TAP belongs to the tests with one of these in their names. */
function readTap(tap, parts) {
  const found = { good: 0, bad: [], skipped: [], notes: [] }
  let current
  for (const line of tap.split('\n')) {
    const test = /^ *(not ok|ok) \d+ - (.*)$/.exec(line)
    const note = /^ *# (?!Subtest|tests|suites|pass|fail|cancelled|skipped|todo|duration)(.*)$/.exec(line)
    if (test) {
      const [, verdict, name] = test
      current = parts.some((part) => name.includes(part)) && !/# SKIP test name does not match/.test(name)
      if (!current) continue
      if (verdict === 'not ok') found.bad.push(name)
      else if (/# SKIP/.test(name)) found.skipped.push(name.replace(/^.*# SKIP */, ''))
      else found.good++
    } else if (note && current) found.notes.push(note[1].trim())
  }
  return found
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

async function runFile({ file, tests }, limit) {
  const patterns = tests.filter(Boolean).map((test) => `--test-name-pattern=${escaped(test)}`)
  const { stdout } = await processes.run('node', ['--test-reporter=tap', '--test', ...patterns, join(repository, file)], { timeout: limit, env: { ...process.env, PGHERALD: program } })
  const { good, bad, skipped, notes } = readTap(stdout, tests)
  if (good + bad.length === 0) return { not: skipped[0] || `${file} said nothing in ${limit / 1000} s` }
  const said = notes.filter((note) => /\d/.test(note)).slice(0, 2).join('; ').slice(0, 110)
  return { held: bad.length === 0, figure: bad.length ? `failed: ${bad.join('; ').slice(0, 150)}` : [`${good} tests of ${file.replace(/^tests.e2e.|\.test\.mjs$/g, '')}`, said].filter(Boolean).join(': ') }
}

async function runSql({ sql }, limit) {
  const { stdout } = await processes.run('node', ['tests/lib/with-cluster.mjs', 'tests/run-sql', ...sql], { timeout: limit, cwd: repository })
  const [, good, bad] = /sql: (\d+) passed, (\d+) failed/.exec(stdout) ?? []
  return { held: bad === '0', figure: bad === undefined ? 'they said nothing' : `${good} assertions of tests/sql, ${bad} failed` }
}

async function attempt(row, limit) {
  if (row.file) return runFile(row, limit)
  if (row.sql) return runSql(row, limit)
  const result = await within(row.run(), limit, row.name)
  return { ...result, again: !result.held }
}

/** { outcome: 'held' | 'did not hold' | 'not run', figure } */
export async function runRow(row, { deadline = Infinity } = {}) {
  const why = row.not ?? row.needs?.() ?? (missing() || undefined)
  if (why) return { outcome: 'not run', figure: why }
  const limit = Math.min((row.limit ?? usual) * 1000, deadline - now())
  for (let count = 1; ; count++) {
    try {
      const { held, figure, not, again } = await attempt(row, limit)
      if (not) return { outcome: 'not run', figure: not }
      if (held) return { outcome: 'held', figure: count > 1 ? `${figure} (try ${count})` : figure }
      if (!again || count === tries || now() > deadline) return { outcome: 'did not hold', figure: `${figure}${count > 1 ? ` (${count} tries)` : ''}` }
      say(`   ${row.name}: ${figure}; once more`)
    } catch (error) {
      return { outcome: 'did not hold', figure: error.message.split('\n').slice(0, 2).join(' ').slice(0, 200) }
    }
  }
}

export const quick = rows.filter((row) => row.quick)

async function main(names) {
  const chosen = rows.filter(({ name, ...row }) => (names.length ? names.some((part) => name === part || name.split(' ')[0] === part || name.includes(part)) : !process.env.QUICK || row.quick))
  if (chosen.length === 0) {
    say(`no row has that in its name; there are: ${rows.map(({ name }) => name).join(', ')}`)
    return 2
  }
  const begun = now()
  const deadline = begun + Number(process.env.MINUTES ?? 40) * 60_000
  const table = []
  for (const row of chosen) {
    const from = now()
    const result = from < deadline ? await runRow(row, { deadline }) : { outcome: 'not run', figure: 'the time was up' }
    const took = Math.round((now() - from) / 1000)
    say(`${row.name} (${took} s): ${result.outcome}: ${result.figure}`)
    table.push({ ...row, ...result, took })
  }
  console.log('| | fault | wanted | measured | | s |\n|---|---|---|---|---|--:|')
  for (const { name, fault, wanted, figure, outcome, took } of table) console.log(`| ${[name, fault, wanted, figure.replaceAll('|', '\\|'), outcome, took].join(' | ')} |`)
  const count = (wanted) => table.filter(({ outcome }) => outcome === wanted).length
  console.log(`\n${count('held')} held, ${count('did not hold')} did not hold, ${count('not run')} not run, in ${Math.round((now() - begun) / 60_000)} min`)
  return count('did not hold') ? 1 : 0
}

if (import.meta.url === `file://${process.argv[1]}`) process.exit(await main(process.argv.slice(2)))
