// Members of two identity providers come to rooms and leave them, while the providers' keys rotate:
// node e2e/soak-membership.mjs [SEEDS] [FIRST] [DURATION-ms]
// Both providers name their keys and their users alike. Prints a line for each seed. The exit status
// is 1 if a seed was not clean.
import { missing } from '../lib/daemon.mjs'
import { Idp } from '../lib/idp.mjs'
import { runMembership } from '../lib/membership.mjs'
import { removeDirectory, temporaryDirectory } from '../lib/process.mjs'
import { Random } from '../lib/random.mjs'
import { openStage } from '../lib/stage.mjs'
import { now, pause } from '../lib/wait.mjs'

const [seeds = 20, first = 1, duration = 20_000] = process.argv.slice(2).map(Number)

if (missing()) {
  console.error(missing())
  process.exit(1)
}

const prepare = (idps) => (cluster) => cluster.psql(`
  CREATE SCHEMA app;
  CREATE TABLE members (room text, who text, sub text GENERATED ALWAYS AS (substr(who, 3)) STORED, PRIMARY KEY (room, who));
  CREATE TABLE messages (id int PRIMARY KEY, room text);
  CREATE FUNCTION app.my_rooms(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT room FROM public.members WHERE who = CASE claims ->> 'iss' ${idps.map(({ issuer }, n) => `WHEN '${issuer}' THEN '${n}:'`).join(' ')} END || (claims ->> 'sub') $$;
  SELECT herald.watch('messages', audience => '{room}');
  SELECT herald.stream('/rooms', '{messages}', match => '{"room": "function:app.my_rooms"}', recheck => '{"public.members": "sub"}');`)

// The daemon asks a provider again at a token of an unknown key, but not more often than each 5 s.
const period = 6000

async function one(seed) {
  const random = new Random(seed)
  const directories = ['idp', 'idp'].map((name) => temporaryDirectory(name))
  const idps = await Promise.all(directories.map((directory) => Idp.open(directory, { plain: true })))
  const tokens = new Map()
  const users = []
  const give = (n, key) => Promise.all(users.filter((who) => who.startsWith(`${n}:`)).map(async (who) => tokens.set(who, await idps[n].sign(key, { sub: who.slice(2) }))))
  for (let n = 0; n < 24; n++) users.push(`${n % 2}:u${n >> 1}`)
  for (const [n, idp] of idps.entries()) await give(n, idp.add('ES256', 'k0'))
  const flags = ['--jwks-url', idps.map(({ issuer, jwksUrl }) => `${issuer} ${jwksUrl}`).join(',')]
  const stage = await openStage({ prepare: prepare(idps), daemon: { keys: flags } })
  try {
    const rotate = async (stopped) => {
      for (let round = 1, due = now() + period; !stopped(); await pause(50)) {
        if (now() < due) continue
        const n = round % 2
        const fresh = idps[n].add('ES256', `k${round}`)
        idps[n].keys = [fresh] // the former one is gone at once
        await give(n, fresh)
        due = now() + period / 2
        round++
      }
    }
    return await runMembership({ stage, daemons: [stage.daemon, await stage.addDaemon({ keys: flags })], random, from: 1, duration, names: users, tokenOf: (who) => tokens.get(who), beside: rotate })
  } finally {
    await stage.close()
    for (const idp of idps) await idp.close()
    for (const directory of directories) removeDirectory(directory)
  }
}

let clean = 0
for (let seed = first; seed < first + seeds; seed++) {
  const { faults, figures } = await one(seed).catch((error) => ({ faults: [error.stack], figures: {} }))
  console.log(`seed ${seed}: ${faults.length} faults; ${JSON.stringify(figures)}`)
  for (const fault of faults.slice(0, 10)) console.log(fault)
  clean += faults.length === 0 ? 1 : 0
}
console.log(`${clean} of ${seeds} seeds clean`)
process.exitCode = clean === seeds ? 0 : 1
