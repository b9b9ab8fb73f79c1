// Two versions side by side: this one, and the same with one more migration. The schema is migrated
// by the newer one while two instances of this one serve. Then they are replaced one by one, and one
// of them goes back.
import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../lib/daemon.mjs'
import * as processes from '../lib/process.mjs'
import { until } from '../lib/wait.mjs'
import { forMs, onBed } from './bed.mjs'
import { Beats, gapsShown, prepareBeats, Rovers } from './rovers.mjs'

/** Builds the program once more, in a directory, with a migration that is not breaking. */
async function buildNewer(directory) {
  const run = async (command, ...args) => {
    const { code, stderr } = await processes.run(command, args, { cwd: directory, timeout: 400_000, env: { ...process.env, MAKEFLAGS: '' } })
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.slice(-500)}`)
  }
  for (const name of ['Makefile', '.ci', 'src', 'sql', 'build/obj', 'build/flags']) await run('sh', '-c', `mkdir -p '${join(name, '..')}' && cp -a '${join(repository, name)}' '${name}'`)
  const last = Math.max(...readdirSync(join(directory, 'sql/migrations')).map((name) => Number.parseInt(name, 10)))
  const name = `${String(last + 1).padStart(4, '0')}_later`
  writeFileSync(join(directory, `sql/migrations/${name}.sql`), `-- ${name}.sql: what an older program does not know.
CREATE TABLE herald.later (id int PRIMARY KEY);
ALTER TABLE herald.streams ADD COLUMN later text;
ALTER TABLE herald.changes ADD COLUMN later text;
`)
  appendFileSync(join(directory, 'sql/functions/names.sql'), '\nCREATE OR REPLACE FUNCTION herald.later() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\n')
  await run('make', 'migrations')
  await run('make', 'all')
  return { program: join(directory, 'build/pgherald'), last }
}

const [clients, users] = [100, 20]

async function sideBySide(directory) {
  const { program, last } = await buildNewer(directory)
  return onBed({ prepare: (cluster) => prepareBeats(cluster, users) }, async (bed) => {
    const first = bed.daemon, second = await bed.stage.addDaemon({})
    const both = [first, second]
    const rovers = await Rovers.open(clients, users, (n) => both[n % 2].url('/beat'))
    const beats = new Beats(() => bed.cluster.url(), users, 100)
    const seen = () => rovers.all.reduce((sum, { count }) => sum + count, 0)
    try {
      await forMs(1000)
      const { code, stderr } = await processes.run(program, ['migrate', '--database-url', bed.cluster.url()])
      assert.equal(code, 0, stderr)
      assert.equal(await bed.cluster.psql('SELECT max(version) FROM herald.migrations'), String(last + 1))
      const before = seen()
      await forMs(6000) // longer than a safety poll
      const meanwhile = seen() - before
      const states = await Promise.all(both.map(async (daemon) => (await daemon.status()).json.status))
      assert.deepEqual(states, ['ok', 'ok'], 'those of before go on')
      assert.ok(meanwhile > 1000, `${meanwhile} events between migration and restart`)
      assert.equal(rovers.gaps().length, 0, 'no stream ends at the migration')
      for (const [daemon, next] of [[first, program], [second, program], [first, undefined]]) {
        assert.equal(await daemon.stop(), 0)
        daemon.program = next
        await daemon.start()
        await rovers.opened()
        await forMs(1000)
      }
      await until(async () => (await first.status()).json.status === 'ok', { what: 'the older one, started on the newer schema' })
      await beats.end()
      const { lost, again, resets } = await rovers.judge(bed.cluster)
      return { held: lost + again + resets === 0, figure: `schema ${last} to ${last + 1}: ${meanwhile} events before any restart, ${beats.acked} changes, ${lost} lost, ${again} twice, ${resets} reset; 3 restarts: ${gapsShown(rovers.gaps())}` }
    } finally {
      beats.over = true
      rovers.close()
    }
  })
}

export const rows = [
  { name: 'versions', fault: 'two versions side by side: migrated, replaced one by one, one goes back', wanted: '0 lost, 0 twice', limit: 420, run: async () => {
    const directory = processes.temporaryDirectory('newer')
    try {
      return await sideBySide(directory)
    } finally {
      processes.removeDirectory(directory)
    }
  } },
]
