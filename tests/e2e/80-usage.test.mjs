// Wrong usage and wrong configuration. Every command and option answers with a sentence and the
// right exit status:
// - 0: done
// - 1: failed
// - 2: wrong usage
// - 3: wrong configuration
// - 4: schema and program do not fit
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { migrate, missing, run } from '../lib/daemon.mjs'
import { freePort, temporaryDirectory, removeDirectory } from '../lib/process.mjs'
import { secret } from '../lib/token.mjs'

const commands = ['serve', 'dev', 'migrate', 'watch', 'unwatch', 'watches', 'rules', 'unrule', 'streams', 'unstream', 'actions', 'unaction', 'token', 'tail', 'types', 'explain', 'doctor', 'uninstall', 'config', 'help', 'version']

// A person must be able to read the message. Something was said in words, and it is no dump.
function assertSentence({ stderr, stdout }, about) {
  const text = stderr || stdout
  assert.match(text, /[A-Za-z]+ [A-Za-z]+/, `no sentence: ${JSON.stringify({ stdout, stderr })}`)
  assert.doesNotMatch(text, /Segmentation|Assertion|core dumped/)
  if (about) assert.match(text, about)
}

async function expects(args, code, about, options) {
  const result = await run(args, { timeout: 60_000, ...options })
  const said = `pgherald ${args.join(' ')}: exit status ${result.code ?? result.signal}\n${result.stdout}${result.stderr}`
  const codes = Array.isArray(code) ? code : [code]
  assert.ok(codes.includes(result.code), said)
  if (result.code !== 0) assertSentence(result, about)
  return result
}

describe('usage', { skip: missing() }, () => {
  let cluster, directory, secretFile, base
  before(async () => {
    cluster = await Cluster.start()
    directory = temporaryDirectory('usage')
    secretFile = join(directory, 'secret')
    writeFileSync(secretFile, secret, { mode: 0o600 })
    base = ['--database-url', cluster.url(), '--jwt-secret-file', secretFile]
  })
  after(async () => {
    await cluster.destroy()
    removeDirectory(directory)
  })

  const file = (name, text) => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }

  test('help, --help and version say what they are asked and exit with 0', async () => {
    for (const args of [['help'], ['--help'], ...commands.map((command) => [command, '--help'])]) {
      const { stdout } = await expects(args, 0)
      assert.match(stdout, /pgherald/, args.join(' '))
    }
    const { stdout } = await expects(['help'], 0)
    for (const command of commands) assert.ok(stdout.includes(command), `help names ${command}`)
    for (const args of [['version'], ['--version']]) assert.match((await expects(args, 0)).stdout, /pgherald.*\d+\.\d+/)
  })

  test('serve --help names every option of this version', async () => {
    const { stdout } = await expects(['serve', '--help'], 0)
    for (const option of ['database-url', 'listen', 'admin-listen', 'jwt-secret', 'jwt-secret-file', 'jwt-algorithm', 'jwt-leeway',
      'jwt-cookie', 'token-sources', 'heartbeat', 'retry', 'max-streams', 'log-size', 'retention', 'poll-interval', 'log-level', 'log-format']) {
      assert.ok(stdout.includes(`--${option}`), option)
    }
  })

  const wrongUsage = {
    'no command': [[]],
    'an unknown command': [['serv'], /there is no command 'serv' \(did you mean 'serve'\?\), see 'pgherald help'/],
    'a command that is like none': [['frobnicate'], /there is no command 'frobnicate', see/],
    'help of an unknown command': [['help', 'wacth'], /did you mean 'watch'/],
    'a flag that is misspelt': [['watch', 'public.t', '--audeince', 'x'], /no option --audeince \(did you mean '--audience'\?\)/],
    'an option that is misspelt': [['serve', '--admin-listn=x'], /no option --admin-listn \(did you mean '--admin-listen'\?\)/],
    '--config without a command': [['--config', 'x'], /config/],
    'an option as command': [['--nonsense'], /nonsense/],
    'an unknown option': [['serve', '--nonsense', '1'], /nonsense/],
    'a value that is missing': [['serve', '--listen'], /listen/],
    'an argument too many': [['serve', 'now'], /now/],
    'watch without a table': [['watch'], /table/i],
    'watch with an unknown option': [['watch', 'public.t', '--nonsense'], /nonsense/],
    'unwatch without a table': [['unwatch'], /table/i],
    'migrate with an argument': [['migrate', 'up'], /up/],
    'token without --sub': [['token'], /sub/],
    'token with a claim that is none': [['token', '--sub', 'a', '--claim', 'role'], /claim/],
    'token with more claims than there may be': [['token', '--sub', 'a', ...Array.from({ length: 33 }, (_, n) => ['--claim', `c${n}=1`]).flat()], /--claim can be given 32 times/],
    'a flag without its value': [['token', '--sub', 'a', '--claim'], /--claim needs a value/],
    'token with a claim of broken JSON': [['token', '--sub', 'a', '--claim', 'stores=["a"'], /--claim is 'stores=\["a"', not of the form name=json/],
    'token with a lifetime without unit': [['token', '--sub', 'a', '--ttl', '5x'], /ttl/],
    'explain without --stream': [['explain', '--change', '1'], /--stream/],
    'explain without --change': [['explain', '--stream', '/a'], /--change/],
    'tail without a path': [['tail'], /path/i],
    'config with an unknown word': [['config', 'chek'], /chek/],
    'version with an argument': [['version', 'now'], /now/],
  }
  for (const [what, [args, about]] of Object.entries(wrongUsage)) {
    test(`${what} is wrong usage: exit status 2`, () => expects(args, 2, about, { env: { PGHERALD_JWT_SECRET: secret } }))
  }

  const impossible = {
    listen: ['80a', '127.0.0.1', '127.0.0.1:65536', '127.0.0.1:-1', ':'],
    'admin-listen': ['127.0.0.1:99999'],
    heartbeat: ['30', '0s', '-1s', '30 parsecs', 'abc'],
    retry: ['2', 'x'],
    'log-size': ['0MB', '-1MB', 'much', '99999999999999999999MB'],
    retention: ['24', '-1h', 'ever'],
    'poll-interval': ['abc', '-5', '0'],
    'jwt-algorithm': ['none', 'HS', 'hs256', 'PS128', 'eddsa'],
    'jwt-leeway': ['30', '-1s'],
    'token-sources': ['cookie,body', ''],
    'log-level': ['loud'],
    'log-format': ['xml'],
    'max-streams': ['-1', 'x', '1.5', '99999999999999999999'],
    'max-streams-per-user': ['-1'],
    wake: ['sometimes'],
  }
  for (const [option, values] of Object.entries(impossible)) {
    test(`an impossible ${option} is an error that names the key, as flag, in the environment and in the file`, async () => {
      const name = `PGHERALD_${option.toUpperCase().replaceAll('-', '_')}`
      for (const value of values) {
        await expects(['serve', ...base, `--${option}`, value], [2, 3], new RegExp(option))
        if (value !== '') await expects(['serve', ...base], 3, new RegExp(`${option}|${name}`), { env: { [name]: value } })
        await expects(['config', 'check', '--config', file('bad.conf', `${option} = ${value}\n`)], 3, new RegExp(option), { env: { PGHERALD_JWT_SECRET: secret } })
      }
    })
  }

  test('a good configuration file passes config check, and config sample is one', async () => {
    const good = file('good.conf', `listen = 127.0.0.1:8123\njwt-secret-file = ${secretFile}\nheartbeat = 10s\n`)
    await expects(['config', 'check', '--config', good], 0)
    const { stdout } = await expects(['config', 'sample'], 0)
    assert.match(stdout, /heartbeat/)
    await expects(['config', 'check', '--config', file('sample.conf', stdout)], 0, undefined, { env: { PGHERALD_JWT_SECRET: secret } })
  })

  test('a file with an unknown key, or that is not there, is wrong configuration', async () => {
    await expects(['config', 'check', '--config', file('unknown.conf', 'hartbeat = 10s\n')], 3, /hartbeat' \(did you mean 'heartbeat'\?\)/)
    await expects(['config', 'check', '--config', join(directory, 'nowhere')], 3, /nowhere/)
    await expects(['config', 'check', '--config', directory], 3)
    await expects(['serve', ...base, '--config', file('unknown.conf', 'hartbeat = 10s\n')], 3, /hartbeat/)
  })

  test('--config may stand before the command, and anywhere after it', async () => {
    const path = file('anywhere.conf', 'heartbeat = 17s\n')
    for (const args of [['--config', path, 'config'], [`--config=${path}`, 'config'], ['config', '--config', path], ['config', '--heartbeat', '18s', `--config=${path}`, '--heartbeat', '17s']])
      assert.match((await expects(args, 0)).stdout, /^heartbeat = 17s$/m)
    await expects(['--config', path, 'confg'], 2, /did you mean 'config'/)
    await expects(['--config', join(directory, 'nowhere'), 'doctor'], 3, /nowhere/)
  })

  test('a variable that is no option is warned of with the nearest name, and an error of config check; those of Kubernetes are let be', async () => {
    const kubernetes = { PGHERALD_SERVICE_HOST: '10.0.0.1', PGHERALD_SERVICE_PORT: '8000', PGHERALD_PORT: 'tcp://10.0.0.1:8000', PGHERALD_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
      PGHERALD_PORT_8000_TCP_ADDR: '10.0.0.1', PGHERALD_PORT_8000_TCP_PROTO: 'tcp', PGHERALD_PORT_8000_TCP_PORT: '8000', PGHERALD_SERVICE_PORT_HTTP: '8000' }
    assert.equal((await expects(['config', 'check'], 0, undefined, { env: kubernetes })).stderr, '')
    const env = { ...kubernetes, PGHERALD_HARTBEAT: '9s' }
    const warned = /the environment has PGHERALD_HARTBEAT, and there is no such option \(did you mean 'PGHERALD_HEARTBEAT'\?\)/
    const { stderr, stdout } = await expects(['config'], 0, undefined, { env })
    assert.match(stderr, warned)
    assert.match(stdout, /^heartbeat = 30s$/m)
    await expects(['config', 'check'], 3, warned, { env })
  })

  test('a flag beats the environment, which beats the file, which beats the default', async () => {
    const path = file('order.conf', `jwt-secret-file = ${secretFile}\nheartbeat = 11s\nretry = 3s\nretention = 2h\n`)
    const env = { PGHERALD_RETRY: '4s', PGHERALD_RETENTION: '3h' }
    const { stdout } = await expects(['config', '--config', path, '--retention', '5h'], 0, undefined, { env })
    for (const [key, value] of [['heartbeat', '11s'], ['retry', '4s'], ['retention', '5h'], ['log-format', 'text']]) {
      assert.match(stdout, new RegExp(`^${key}\\s*=?\\s*${value}\\b`, 'm'))
    }
    assert.ok(!stdout.includes(secret), 'config prints no secret')
  })

  test('serve with a key file that cannot be read is wrong configuration', () =>
    expects(['serve', '--database-url', cluster.url(), '--jwt-secret-file', join(directory, 'nowhere')], 3, /jwt-secret-file/))

  test('a database that is not there is a failure: exit status 1', async () => {
    const nowhere = `postgresql://postgres@127.0.0.1:${await freePort()}/app`
    await expects(['migrate', '--database-url', nowhere], 1)
    await expects(['watch', 'public.t', '--database-url', nowhere], 1)
    await expects(['migrate', '--database-url', cluster.url('nonesuch')], 1, /nonesuch/)
  })

  test('of several hosts the cause of each is said', async () => {
    const url = `host=127.0.0.1,127.0.0.1 port=${await freePort()},${cluster.port} user=nobody dbname=app`
    await expects(['migrate', '--database-url', url], 1, /^pgherald: .*refused; .*role "nobody" does not exist$/m)
    await expects(['doctor', ...base, '--database-url', url], 1, /cannot be reached: .*refused; .*role "nobody" does not exist$/m)
  })

  test('serve on a database without the schema does not fit: exit status 4', async () => {
    const port = await freePort()
    await expects(['serve', ...base, '--listen', `127.0.0.1:${port}`, '--admin-listen', ''], 4, /migrate/)
  })

  describe('on a migrated database', () => {
    before(async () => {
      await migrate(cluster)
      await cluster.psql('CREATE TABLE public.things (id int PRIMARY KEY, owner text); CREATE VIEW public.seen AS SELECT * FROM public.things')
    })

    test('migrate is done, --status says so, --dry-run changes nothing', async () => {
      await expects(['migrate', '--database-url', cluster.url()], 0)
      await expects(['migrate', '--status', '--database-url', cluster.url()], 0)
      await expects(['migrate', '--dry-run', '--database-url', cluster.url()], 0)
    })

    test('watch and unwatch work, again too, and name what they cannot do', async () => {
      const url = ['--database-url', cluster.url()]
      for (const args of [['watch', 'public.things', '--audience', 'owner'], ['watch', 'public.things'], ['unwatch', 'public.things'], ['unwatch', 'public.things']]) {
        await expects([...args, ...url], 0)
      }
      const { stderr } = await cluster.tryPsql(['-c', "SELECT herald.watch('public.things')", '-c', "SELECT herald.unwatch('public.things')"])
      assert.equal(stderr, '', 'nor does psql show notices of what goes with it')
      await expects(['watch', 'public.nothing', ...url], 1, /there is no table 'public\.nothing'$/m)
      await expects(['watch', 'public.thing', ...url], 1, /there is no table 'public\.thing' \(did you mean 'public\.things'\?\)$/m)
      await expects(['unwatch', 'thnigs', ...url], 1, /there is no table 'thnigs' \(did you mean 'things'\?\)$/m)
      await expects(['watch', 'public.things', '--audience', 'nobody', ...url], 1, /nobody/)
      await expects(['watch', 'public.seen', ...url], 1, /view/)
      await expects(['watch', 'pg_catalog.pg_class', ...url], 1, /system/)
      await expects(['watch', "x'; DROP TABLE public.things; --", ...url], 1)
      assert.equal(await cluster.psql('SELECT count(*) FROM public.things'), '0')
    })

    test('who is in the way of a command is named, after as long as lock_timeout says; migrate hangs what is missing', async () => {
      const url = ['--database-url', cluster.url()]
      const env = { PGOPTIONS: '-c lock_timeout=300ms' }
      await expects(['watch', 'public.things', ...url], 0)
      const idle = await cluster.client()
      await idle.query('BEGIN; SELECT FROM public.things')
      const inTheWay = new RegExp(`no lock could be had on public\\.things within 00:00:00\\.3: server process ${idle.processID} \\(application 'test', role postgres\\) has AccessShareLock.*idle in transaction since .*SELECT FROM public\\.things`)
      await expects(['unwatch', 'public.things', ...url], 1, inTheWay, { env })
      await expects(['watch', 'public.things', ...url], 0, undefined, { env })
      await idle.query('ROLLBACK')
      await cluster.psql('DROP TRIGGER "!herald_insert" ON public.things')
      await idle.query("BEGIN; INSERT INTO public.things VALUES (1, 'ann')")
      await expects(['migrate', ...url], 1, /no lock could be had on public\.things within 00:00:00\.3: server process .* has RowExclusiveLock/, { env })
      await idle.query('ROLLBACK')
      await idle.end()
      await expects(['migrate', ...url], 0, undefined, { env })
      assert.equal(await cluster.psql(`SELECT count(*) FROM pg_trigger WHERE tgname = '!herald_insert' AND tgrelid = 'public.things'::regclass`), '1')
      await expects(['unwatch', 'public.things', ...url], 0, undefined, { env })
    })

    test('watch says what is in force; typed again it keeps what is not said, and takes away what is said empty', async () => {
      const watch = async (...args) => (await expects(['watch', 'public.long', ...args, '--database-url', cluster.url()], 0)).stdout.trimEnd().split('\n')
      const inForce = (topic, audience, columns, exclude, numbers = 'number', events = ['insert', 'update', 'delete', 'truncate'].map((op) => `${topic}.${op}`).join(', ')) =>
        ['watching public.long', `topic     ${topic}`, 'key       id', `audience  ${audience}`, `columns   ${columns}`, `exclude   ${exclude}`, `numbers   ${numbers}`, `events    ${events}`]
      const long = Array.from({ length: 140 }, (_, i) => `c${i}_${'x'.repeat(50)}`)
      await cluster.psql(`CREATE TABLE public.long (id int PRIMARY KEY, name text, secret text, ${long.map((name) => `${name} int`).join(', ')})`)
      assert.deepEqual(await watch(), inForce('long', 'none', 'all', 'none'))
      await cluster.psql('CREATE TABLE public.keyless (n int)')
      const { stdout } = await expects(['watch', 'public.keyless', '--database-url', cluster.url()], 0)
      assert.match(stdout, /^key {7}none: subscribers cannot tell its rows from each other$/m)
      assert.deepEqual(await watch('--audience', 'id', '--exclude', 'secret'), inForce('long', 'id', 'all', 'secret'))
      assert.deepEqual(await watch('--audience', 'id,name'), inForce('long', 'id, name', 'all', 'secret'))
      assert.deepEqual(await watch('--columns', 'id', '--columns', 'name'), inForce('long', 'id, name', 'id, name', 'secret'))
      assert.deepEqual(await watch('--topic', 'other'), inForce('other', 'id, name', 'id, name', 'secret'))
      assert.deepEqual(await watch(), inForce('other', 'id, name', 'id, name', 'secret'))
      assert.deepEqual(await watch('--audience', ''), inForce('other', 'none', 'id, name', 'secret'))
      assert.deepEqual(await watch('--columns=', '--exclude='), inForce('other', 'none', 'none', 'none'))
      assert.deepEqual(await watch('--columns', '*', '--topic', 'long'), inForce('long', 'none', 'all', 'none'))
      assert.deepEqual(await watch('--numbers', 'text'), inForce('long', 'none', 'all', 'none', 'text'))
      assert.deepEqual(await watch(), inForce('long', 'none', 'all', 'none', 'text'))
      assert.deepEqual(await watch('--numbers', 'number'), inForce('long', 'none', 'all', 'none'))
      await cluster.psql("SELECT herald.rule('public.long', 'named', 'update'), herald.rule('public.long', 'made', 'insert'), herald.rule('public.long', 'made', 'delete')")
      assert.deepEqual(await watch(), inForce('long', 'none', 'all', 'none', 'number', 'made, named'), 'rules take the place of the default events')
      await expects(['watch', 'public.long', '--numbers', 'string', '--database-url', cluster.url()], 1, /numbers is 'number' or 'text', not 'string'/)
      await watch('--exclude', `secret,${long.join(',')}`)
      assert.equal(await cluster.psql("SELECT cardinality(exclude) FROM herald.watches WHERE topic = 'long'"), '141', 'a list may be long')
      await expects(['watch', 'public.long', '--audience', 'id,', '--database-url', cluster.url()], 1, /no column ''/)
      await expects(['unwatch', 'public.long', '--database-url', cluster.url()], 0)
    })

    test('watch says what a browser makes of a key of int8, until somebody has said how numbers are told', async () => {
      const notice = /pgherald: the primary key of 'public\.wide' may hold numbers over 2\^53, .*numbers => 'text'/
      const watch = async (...args) => (await expects(['watch', 'public.wide', ...args, '--database-url', cluster.url()], 0)).stderr
      await cluster.psql('CREATE TABLE public.wide (id int8 PRIMARY KEY, n int); CREATE TABLE public.narrow (id int PRIMARY KEY, n int8)')
      assert.match(await watch(), notice)
      assert.equal(await watch('--numbers', 'number'), '')
      assert.equal(await watch('--numbers', 'text'), '')
      assert.equal(await watch(), '')
      assert.equal((await expects(['watch', 'public.narrow', '--database-url', cluster.url()], 0)).stderr, '')
      await cluster.psql("SELECT herald.unwatch('public.wide'), herald.unwatch('public.narrow')")
    })

    test('serve without any key is wrong configuration where a stream asks for a token', async () => {
      await cluster.psql("SELECT herald.stream('/things', '{things}')")
      const doors = ['--listen', `127.0.0.1:${await freePort()}`, '--admin-listen', '']
      await expects(['serve', '--database-url', cluster.url(), ...doors], 3, /jwt/)
    })

    test('a port that is taken is a failure: exit status 1', async () => {
      const server = createServer().listen(await freePort(), '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address()
      await expects(['serve', ...base, '--listen', `127.0.0.1:${port}`, '--admin-listen', ''], 1, new RegExp(String(port)))
      server.close()
    })

    test('a database without the schema says what to do, before anything else: exit status 4', async () => {
      await cluster.psql('CREATE DATABASE bare', { database: 'postgres' })
      const doors = ['--listen', `127.0.0.1:${await freePort()}`, '--admin-listen', '']
      const { stderr } = await expects(['serve', '--database-url', cluster.url('bare'), '--jwt-secret-file', secretFile, ...doors], 4)
      assert.match(stderr.split('\n')[0], /the database has no schema herald, run 'pgherald migrate' first/)
    })

    test('a schema that is newer than the program, and breaking, does not fit: exit status 4', async () => {
      const table = await cluster.psql("SELECT to_regclass('herald.migrations')")
      assert.notEqual(table, '')
      await cluster.psql("INSERT INTO herald.migrations (version, name) VALUES (9999, '9999_future_breaking')")
      try {
        await expects(['serve', ...base, '--listen', `127.0.0.1:${await freePort()}`, '--admin-listen', ''], 4)
        await expects(['streams', '--database-url', cluster.url()], 4, /use a newer pgherald/)
        await expects(['migrate', '--status', '--database-url', cluster.url()], 4)
        await expects(['migrate', '--database-url', cluster.url()], 4)
        await cluster.psql("UPDATE herald.migrations SET name = '9999_future' WHERE version = 9999")
        const { stdout } = await expects(['migrate', '--status', '--database-url', cluster.url()], 0)
        assert.match(stdout, /version 9999, this program brings \d+: newer, and this program goes on with it/)
        await expects(['streams', '--database-url', cluster.url()], 0)
        await expects(['migrate', '--database-url', cluster.url()], 4) // it would put back older functions
      } finally {
        await cluster.psql('DELETE FROM herald.migrations WHERE version = 9999')
      }
    })
  })

  test('token prints a token that carries its claims', async () => {
    const args = ['token', '--sub', 'ann', '--claim', 'role=admin', '--claim', 'stores=["a","b"]', '--ttl', '2h', '--jwt-secret-file', secretFile]
    const { stdout } = await expects(args, 0)
    const claims = JSON.parse(Buffer.from(stdout.trim().split('.')[1], 'base64url'))
    assert.deepEqual([claims.sub, claims.role, claims.stores], ['ann', 'admin', ['a', 'b']])
    assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 7200) < 60)
    await expects(['token', '--sub', 'ann'], 3, /jwt-secret/)
  })
})
