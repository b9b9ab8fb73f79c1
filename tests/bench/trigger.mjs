// trigger [options] FILE.sql...: what capture on the table `orders` costs the writer alone; no daemon runs.
//   FILE.sql       sets capture up in its own way, in a fresh copy of a database with the schema herald and sql/orders.sql;
//                  the first one is what the others are compared with
//   --sql DIR      the schema herald from another directory with an install.sql
//   --disk DISK    fast (as it is) or slow (a flush takes a millisecond longer)
//   --clients N    of pgbench                     --rounds N   how often, interleaved
//   --seconds N    for each measurement           --rows N     instead of pgbench: one UPDATE of N rows, commit included
//   --hold SQL     a session says this first and stays: to take the lock by which a daemon says that it is awake
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { repository } from '../lib/daemon.mjs'
import { Disk, machine, rotate, say, share, spread, table } from './stage.mjs'

const text = (value) => ({ type: 'string', default: value })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sql: { type: 'string' }, disk: text('fast'), clients: text('16'), rounds: text('5'), seconds: text('4'), rows: text('0'),
    hold: text('SELECT'),
  },
})
const [clients, rounds, seconds, rows] = [values.clients, values.rounds, values.seconds, values.rows].map(Number)
if (!positionals.length || !['fast', 'slow'].includes(values.disk) || !(rounds > 0 && seconds > 0 && clients > 0 && rows >= 0)) {
  say('usage: trigger [--sql DIR] [--disk fast|slow] [--clients N] [--rounds N] [--seconds N] [--rows N] [--hold SQL] FILE.sql...')
  process.exit(2)
}

const disk = await Disk.start(values.disk)
await disk.prepare(() => disk.file(join(resolve(values.sql ?? join(repository, 'sql')), 'install.sql'), 'original'))
const measured = positionals.map((file) => ({ file, name: basename(file, '.sql'), main: [], cpu: [], wal: [] }))

for (let round = 0; round < rounds; round++) {
  for (const one of rotate(measured, round)) {
    await disk.fresh(resolve(one.file))
    if (!rows) await disk.pgbench(clients, 1)
    const [cpu, wal] = [await disk.cpuMs(), await disk.wal()]
    const held = await disk.cluster.client({ database: 'bench' })
    await held.query(values.hold)
    const run = rows ? { main: await disk.bulk(rows), transactions: rows } : await disk.pgbench(clients, seconds)
    one.main.push(run.main ?? run.tps)
    one.wal.push((await disk.wal() - wal) / run.transactions)
    await held.end()
    one.cpu.push((await disk.cpuMs() - cpu) * 1000 / run.transactions)
    say(`round ${round + 1}/${rounds} ${one.name}: ${one.main.at(-1).toFixed(0)}${rows ? ' ms' : '/s'}`)
  }
}

const [first] = measured
console.log(`\n${rows ? `One UPDATE of ${rows} rows` : `Single-row updates, ${clients} clients, ${seconds} s`}, ${values.disk} disk, ` +
  `${rounds} rounds. ${await machine([disk])}\n`)
console.log(table(['setup', rows ? 'ms' : 'TPS', `of ${first.name}`, 'server CPU us/row', `of ${first.name}`, 'WAL bytes/row'],
  measured.map((one) => [one.name, spread(one.main), share(one.main, first.main), spread(one.cpu, 1), share(one.cpu, first.cpu),
    spread(one.wal).split(' ')[0]])))
await disk.cluster.destroy()
