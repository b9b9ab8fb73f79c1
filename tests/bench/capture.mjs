// capture [options]: what capture costs the writer and how soon events arrive: pgherald against the usual ways, in one run,
// interleaved, on the disk as it is (fast) and with every flush a millisecond longer (slow). Tables on stdout.
//   --rounds N        of everything [5]; the side tables get half of them
//   -T, --seconds N   for each measurement, after a second of warm-up [6]
//   --clients N       of pgbench, in the main table [16]     --side LIST      in the side tables [1,4,64]
//   --disk LIST       [fast,slow]                            --variants LIST  [all: see below]
//   --parts LIST      [main,side,bulk,idle]                  --poll MS        of the variant that only polls [5]
// The program is build/pgherald, or $PGHERALD. A variant whose option it does not know is left out.
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { migrate, program, run } from '../lib/daemon.mjs'
import { pause } from '../lib/wait.mjs'
import { cpuMs, Disk, machine, median, rotate, say, share, spread, sqlFile, table } from './stage.mjs'
import { listener, logical, pgherald } from './subscribers.mjs'

// ---- options ---------------------------------------------------------------------------------------------------------

const text = (value, short) => ({ type: 'string', default: value, ...(short && { short }) })
const { values } = parseArgs({
  options: {
    rounds: text('5'), seconds: text('6', 'T'), clients: text('16'), side: text('1,4,64'), disk: text('fast,slow'),
    variants: text(''), parts: text('main,side,bulk,idle'), poll: text('5'),
  },
})
let variants = [
  { name: 'none', label: 'no capture', sql: 'none.sql' },
  { name: 'notify-row', label: 'row in pg_notify', sql: 'notify-row.sql', start: listener('notify') },
  { name: 'outbox', label: 'outbox, NOTIFY each commit', sql: 'outbox-notify.sql', start: listener('outbox') },
  { name: 'adaptive', label: 'pgherald, wake adaptive', sql: 'pgherald.sql', start: pgherald('--wake', 'adaptive'), option: '--wake' },
  { name: 'never', label: `pgherald, wake never, polls each ${values.poll} ms`, sql: 'pgherald.sql',
    start: pgherald('--wake', 'never', '--poll-interval', values.poll), option: '--wake' },
  { name: 'always', label: 'pgherald, wake always', sql: 'pgherald.sql', start: pgherald('--wake', 'always'), option: '--wake' },
  { name: 'pgherald', label: 'pgherald without --wake', sql: 'pgherald.sql', start: pgherald(), insteadOf: '--wake' },
  { name: 'logical', label: 'logical decoding (pgoutput)', sql: 'logical.sql', start: logical() },
]

const list = (value) => value.split(',').filter(Boolean)
const [rounds, seconds, clients] = [values.rounds, values.seconds, values.clients].map(Number)
const [diskNames, sides, parts] = [list(values.disk), list(values.side).map(Number), list(values.parts)]
if (![rounds, seconds, clients, ...sides].every((n) => Number.isInteger(n) && n > 0 && n <= 100) || !diskNames.length ||
    !diskNames.every((name) => ['fast', 'slow'].includes(name))) {
  say('usage: capture [--rounds N] [-T SECONDS] [--clients N] [--side N,N] [--disk LIST] [--variants LIST] [--parts LIST] [--poll MS]')
  process.exit(2)
}

const help = (await run(['serve', '--help'])).stdout
const knows = (option) => help.includes(`${option} `)
const unknown = variants.filter((v) => v.option && !knows(v.option))
variants = variants.filter((v) => !unknown.includes(v) && !(v.insteadOf && knows(v.insteadOf)))
if (values.variants) variants = variants.filter((v) => v.name === 'none' || list(values.variants).includes(v.name))

// ---- measuring -------------------------------------------------------------------------------------------------------

const failures = []
const plural = (n, what) => `${n} ${what}${Number(n) === 1 ? '' : 's'}`

/** One measurement: { tps, p50, p99, lost, again, behindS }, as far as the variant has them; {} when it failed. */
async function measure(disk, variant, count) {
  let subscriber
  try {
    await disk.fresh(sqlFile(variant.sql))
    subscriber = await variant.start?.(disk)
    await disk.pgbench(count, 1)
    subscriber?.forget()
    const { tps } = await disk.pgbench(count, seconds)
    return { tps, ...(await subscriber?.finish(await disk.updates())) }
  } catch (error) {
    failures.push(`${disk.name} disk, ${variant.label}, ${count} clients: ${error.message}`)
    say(`FAILED ${failures.at(-1)}`)
    return {}
  } finally {
    await subscriber?.end().catch((error) => failures.push(`${variant.label}: ${error.message}`))
  }
}

/** All variants on all disks for each number of clients, so many times: results[clients][disk][variant] is a list. */
async function sweep(counts, times) {
  const results = {}
  for (let round = 0; round < times; round++) {
    for (const count of counts) {
      for (const disk of disks) {
        for (const variant of rotate(variants, round)) {
          const result = await measure(disk, variant, count)
          const place = ((results[count] ??= {})[disk.name] ??= {})
          ;(place[variant.name] ??= []).push(result)
          const { tps = NaN, p50, p99, lost } = result
          say(`round ${round + 1}/${times}, ${disk.name} disk, ${plural(count, 'client')}, ${variant.name}: ${tps.toFixed(0)} TPS` +
            (p50 === undefined ? '' : `, p50 ${p50} ms, p99 ${p99} ms, lost ${lost}`))
        }
      }
    }
  }
  return results
}

const pick = (results, name) => results.map((result) => result[name] ?? NaN)
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)

function row(variant, results, base) {
  const known = (name) => pick(results, name).filter(Number.isFinite)
  const [lost, again] = [known('lost'), known('again')]
  return [variant.label, spread(pick(results, 'tps')), share(pick(results, 'tps'), pick(base, 'tps')),
    spread([median(known('p50'))], 2), spread([median(known('p99'))], 2),
    lost.length ? `${sum(lost)}${sum(again) ? `, ${sum(again)} twice` : ''}` : '-']
}

function print(results, times) {
  for (const [count, byDisk] of Object.entries(results)) {
    for (const [name, byVariant] of Object.entries(byDisk)) {
      console.log(`\n**${plural(count, 'client')}, ${name} disk**, ${plural(times, 'round')} of ${seconds} s\n`)
      console.log(table(['variant', 'TPS', 'of no capture', 'p50 ms', 'p99 ms', 'events lost'],
        variants.map((variant) => row(variant, byVariant[variant.name], byVariant.none))))
      const behind = byVariant.logical && pick(byVariant.logical, 'behindS').filter(Number.isFinite)
      if (behind?.length) console.log(`\nThe consumer of logical decoding, which reports each second, had caught up ${spread(behind, 1)} s after the last commit.`)
    }
  }
}

/** One UPDATE of all rows. No daemon: it takes part only when that is committed. */
async function bulk() {
  const setups = [['no capture', 'none.sql'], ['pgherald, a rule', 'pgherald.sql'], ['pgherald, default events', 'pgherald-default.sql']]
  for (const disk of disks) {
    const times = setups.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const i of rotate([0, 1, 2], round)) {
        await disk.fresh(sqlFile(setups[i][1]))
        times[i].push(await disk.bulk(100_000))
        say(`round ${round + 1}/${rounds}, ${disk.name} disk, UPDATE of 100000 rows, ${setups[i][0]}: ${times[i].at(-1).toFixed(0)} ms`)
      }
    }
    console.log(`\n**One UPDATE of 100,000 rows, ${disk.name} disk**, commit included, ${plural(rounds, 'round')}\n`)
    console.log(table(['variant', 'ms', 'of the bare statement'],
      setups.map(([label], i) => [label, spread(times[i]), share(times[i], times[0])])))
  }
}

/** What daemon and database do while nobody writes: after a burst, with one stream open. */
async function idle() {
  const [disk] = disks
  const rows = []
  await disk.admin.query('ALTER SYSTEM SET autovacuum = off') // its transactions would be counted too
  await disk.admin.query('SELECT pg_reload_conf()')
  for (const variant of variants.filter((v) => v.sql === 'pgherald.sql')) {
    say(`idle, ${variant.name}: 25 s`)
    let subscriber
    try {
      await disk.fresh(sqlFile(variant.sql))
      subscriber = await variant.start(disk)
      await disk.pgbench(4, 1)
      await pause(5000)
      const look = async () => [await disk.statements(), cpuMs(subscriber.daemon.pid)]
      const before = await look()
      await pause(20_000)
      const after = await look()
      rows.push([variant.label, ...after.map((n, i) => ((n - before[i]) / 20).toFixed(2))])
    } catch (error) {
      failures.push(`idle, ${variant.label}: ${error.message}`)
    } finally {
      await subscriber?.end().catch((error) => failures.push(`idle, ${variant.label}: ${error.message}`))
    }
  }
  console.log('\n**Idle**: 20 s without writes, one stream open, 5 s after a burst\n')
  console.log(table(['variant', 'queries/s', "daemon's CPU ms/s"], rows))
}

// ---- all of it -------------------------------------------------------------------------------------------------------

const includes = execFileSync('pg_config', ['--includedir'], { encoding: 'utf8' }).trim()
const disks = []
for (const name of diskNames) {
  const disk = Object.assign(await Disk.start(name), { includes })
  await disk.prepare(() => migrate(disk.cluster, { database: 'original' }))
  disks.push(disk)
}
const half = Math.ceil(rounds / 2)
const count = (parts.includes('main') ? rounds : 0) + (parts.includes('side') ? half * sides.length : 0)
say(`${program}: about ${Math.ceil(count * variants.length * disks.length * (seconds + 4) / 60) + 1} minutes`)

console.log(`# capture\n\n${await machine(disks)}

pgbench, prepared, single-row UPDATE by primary key on 100,000 orders; rounds interleave the variants. \`of no capture\` is the
median of the ratios within a round. Latency is from the trigger's clock_timestamp() to the subscriber; \`events lost\` is
committed updates minus different events seen, after up to 30 s of drain, over all rounds. shared_buffers 256MB, max_wal_size 4GB,
fsync and autovacuum on, wal_level logical for all variants; each measurement has a fresh database.`)
if (unknown.length) console.log(`\nLeft out, for this program does not know the option: ${unknown.map((v) => v.label).join('; ')}.`)

if (parts.includes('main')) print(await sweep([clients], rounds), rounds)
if (parts.includes('side') && sides.length) print(await sweep(sides, half), half)
if (parts.includes('bulk')) await bulk()
if (parts.includes('idle')) await idle()
if (failures.length) console.log(`\n${failures.length} failed:\n\n${failures.map((f) => `- ${f}`).join('\n')}`)
for (const disk of disks) await disk.cluster.destroy()
process.exitCode = failures.length ? 1 : 0
