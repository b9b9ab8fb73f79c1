// fanout [options]: what it costs to tell many subscribers, and how soon they know: pgherald against a raw server (rawserver.c) and
// nchan, in one run, in rounds by turns. Tables on stdout.
//   --rounds N        [5]       --seconds N      of each measurement, after a second of warm-up [10]
//   --subscribers N   [10000]   --rate N         changes a second of broadcast, targeted and stalled [each its own]
//   --parts LIST      [broadcast,targeted,coalesced,connect,idle,disconnect,storm,stalled]
//   --contenders LIST [raw,nchan,pgherald]
// The program is build/pgherald, or $PGHERALD. The module of nchan is where Debian has it, or $NCHAN.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { migrate, program } from '../lib/daemon.mjs'
import { contenders, missingNchan } from './contenders.mjs'
import { spare } from './measures.mjs'
import { scenarios } from './scenarios.mjs'
import { Disk, machine, rotate, say, share, spread, sqlFile, table } from './stage.mjs'

// ---- options ---------------------------------------------------------------------------------------------------------

const text = (value) => ({ type: 'string', default: value })
const { values } = parseArgs({
  options: {
    rounds: text('5'), seconds: text('10'), subscribers: text('10000'), rate: text(''), contenders: text('raw,nchan,pgherald'),
    parts: text('broadcast,targeted,coalesced,connect,idle,disconnect,storm,stalled'),
  },
})
const list = (value) => value.split(',').filter(Boolean)
const [rounds, seconds, many, rate] = [values.rounds, values.seconds, values.subscribers, values.rate || NaN].map(Number)
const parts = scenarios({ many, seconds, rate: values.rate ? rate : undefined })
const [wanted, names] = [list(values.parts), list(values.contenders)]
const whole = (n, least, most) => Number.isInteger(n) && n >= least && n <= most
if (!whole(rounds, 1, 100) || !whole(seconds, 1, 600) || !whole(many, 10, 100_000) || (values.rate && !whole(rate, 1, 5000)) ||
    !wanted.every((name) => parts[name]) || !names.every((name) => contenders.some((contender) => contender.name === name))) {
  say('usage: fanout [--rounds N] [--seconds N] [--subscribers N] [--rate N] [--parts LIST] [--contenders LIST]')
  process.exit(2)
}

// ---- what can be measured --------------------------------------------------------------------------------------------

/** Each subscriber is a descriptor of loadclient, and one of the server. */
const files = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity)
const all = wanted.flatMap((name) => parts[name])
const possible = all.filter(({ count }) => count + spare <= files)

const withoutNchan = names.includes('nchan') && missingNchan()
const here = contenders.filter(({ name }) => names.includes(name) && !(name === 'nchan' && withoutNchan))
const taking = ({ only }) => here.filter(({ name }) => !only || only.includes(name))

// ---- measuring and printing ------------------------------------------------------------------------------------------

const failures = []

async function attempt(scenario, contender) {
  try {
    return await scenario.measure(disk, contender)
  } catch (error) {
    failures.push(`${scenario.title}, ${contender.label}: ${error.message}`)
    say(`FAILED ${failures.at(-1)}`)
    return {}
  }
}

const figure = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : '-')

/** results[contender] is a list, a result each round. */
async function play(scenario) {
  const results = Object.fromEntries(taking(scenario).map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotate(taking(scenario), round)) {
      const result = await attempt(scenario, contender)
      results[contender.name].push(result)
      say(`${scenario.title}: round ${round + 1}/${rounds}, ${contender.name}: ` +
        scenario.columns.map(([heading, name, digits]) => `${figure(result[name], digits)} ${heading}`).join(', '))
    }
  }
  return results
}

function print(scenario, results) {
  const of = (name, field) => results[name].map((result) => result[field] ?? NaN)
  const total = (numbers) => figure(numbers.filter(Number.isFinite).reduce((a, b) => (a ?? 0) + b, undefined), 0)
  const row = ({ name, label }) => [label, ...scenario.columns.map(([, field, digits, added]) =>
    (added ? total(of(name, field)) : spread(of(name, field), digits)))]
  const ratio = ({ name, label }) => [`pgherald / ${label}`, ...scenario.columns.map(([, field, , added]) =>
    (added ? '-' : share(of('pgherald', field), of(name, field))))]
  const others = results.pgherald ? taking(scenario).filter(({ name }) => name !== 'pgherald') : []
  console.log(`\n**${scenario.title}**\n`)
  console.log(table(['', ...scenario.columns.map(([heading]) => heading)], [...taking(scenario).map(row), ...others.map(ratio)]))
}

/** What those who read notice of those who do not. */
function printStalled(without, beside) {
  const p99 = (results) => results.map((result) => result.p99 ?? NaN)
  const ratios = Object.keys(beside).map((name) => `${name} ${share(p99(beside[name]), p99(without[name]))}`)
  console.log(`\np99 of those who read, of that when all do: ${ratios.join(', ')}.`)
}

async function coalesced() {
  const has = await disk.cluster.psql("SELECT array_to_string(proargnames, ', ') FROM pg_proc WHERE oid = 'herald.stream'::regproc", { database: 'original' })
  console.log(`\n**Coalesced**: left out, for ${/coalesc/i.test(has) ? 'this benchmark does not know the option of herald.stream yet'
    : `herald.stream has no option by which a stream coalesces changes (it has ${has})`}.`)
}

// ---- all of it -------------------------------------------------------------------------------------------------------

const disk = Object.assign(await Disk.start('fast'), { includes: execFileSync('pg_config', ['--includedir'], { encoding: 'utf8' }).trim() })
try {
  await migrate(disk.cluster, { database: 'original' })
  await disk.file(sqlFile('beats.sql'), 'original')
  await disk.cluster.psql(`INSERT INTO beats (user_id) SELECT generate_series(0, ${many}); VACUUM (FREEZE, ANALYZE) beats`, { database: 'original' })
  const measurements = rounds * possible.reduce((sum, scenario) => sum + taking(scenario).length, 0)
  say(`${program}: about ${Math.ceil(measurements * (seconds + 10) / 60)} minutes`)
  console.log(`# fanout\n\n${await machine([disk])}

${rounds} rounds of ${seconds} s, which take the contenders by turns. A ratio is the median of the ratios within a round. Latency is from the
trigger's clock_timestamp() to the subscriber. CPU is that of the server's processes, user and system; PostgreSQL's stands beside it.
All speak chunked HTTP/1.1 on the loopback. The raw server has no token, no log and no resume. nchan has a bridge that posts what
it is notified of, and whose CPU and memory count. \`lost\` is what has not come to a subscriber a minute after the last change.`)
  if (withoutNchan) console.log(`\nnchan is left out: ${withoutNchan}.`)
  for (const { title, count } of all.filter((scenario) => !possible.includes(scenario))) {
    console.log(`\n**${title}**: left out, for the hard limit of open files (ulimit -Hn) is ${files}, and this needs ${count + spare}.`)
  }
  const played = new Map()
  for (const scenario of possible.filter((scenario) => taking(scenario).length)) {
    played.set(scenario, await play(scenario))
    print(scenario, played.get(scenario))
  }
  if (wanted.includes('coalesced')) await coalesced()
  const [without, beside] = parts.stalled.map((scenario) => played.get(scenario))
  if (without && beside) printStalled(without, beside)
  if (wanted.includes('storm')) console.log('\nThe raw server takes no part in the storm: it cannot resume. nchan takes none after a restart: it keeps its messages in memory.')
  if (failures.length) console.log(`\n${failures.length} failed:\n\n${failures.map((f) => `- ${f}`).join('\n')}`)
} finally {
  await disk.cluster.destroy()
}
process.exitCode = failures.length ? 1 : 0
