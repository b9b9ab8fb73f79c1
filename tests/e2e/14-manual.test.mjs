// The manual pages and the documents beside them. Their commands and flags are the program's, and
// their functions and arguments are the database's.
// run: release
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Cluster } from '../lib/cluster.mjs'
import { migrate, missing, program, repository, run as pgherald } from '../lib/daemon.mjs'
import { run } from '../lib/process.mjs'

const document = (name) => readFileSync(join(repository, 'contrib/doc', name), 'utf8')
const pages = readdirSync(join(repository, 'contrib/man'))
const page = (name) => readFileSync(join(repository, 'contrib/man', name), 'utf8')

/** One line of roff as a reader sees it, without fonts, requests and escapes. */
const plain = (line) =>
  line.replace(/^\.[A-Z]+ /, '').replace(/" ?([^"]*)"/g, '$1').replace(/\\f[BRIP]/g, '').replace(/\\-/g, '-').replace(/ +/g, ' ').trim()

const groff = (() => {
  try {
    execFileSync('groff', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'groff is not installed'
  }
})()

describe('the manual', { skip: missing() }, () => {
  for (const name of pages) {
    test(`${name} is set without a warning`, { skip: groff }, async () => {
      const { code, stdout, stderr } = await run('groff', ['-man', '-ww', '-z', join(repository, 'contrib/man', name)])
      assert.equal(stderr + stdout, '')
      assert.equal(code, 0)
    })

    test(`${name} is plain ASCII`, () => assert.doesNotMatch(page(name), /[^\n\x20-\x7e]/))
  }

  /** The commands and flags of the program's help, as {'watch TABLE': ['--topic NAME', …], …}. */
  const commands = () => {
    const help = (...words) => execFileSync(program, ['help', ...words], { encoding: 'utf8' })
    const names = [...help().matchAll(/^ {2}pgherald (\w+) /gm)].map(([, name]) => name)
    assert.ok(names.length >= 12)
    return Object.fromEntries(names.map((name) => {
      const own = help(name).split('\nOptions of every command')[0]
      return [/^pgherald (.*?): /.exec(own)[1], [...own.matchAll(/^ {2}(--.+)$/gm)].map(([, flag]) => flag.replace('…', '...'))]
    }))
  }

  test('has a section for each command, with its arguments and flags, in the order of the help', () => {
    const told = {}
    let section
    for (const line of page('pgherald.1').split(/\.SH COMMANDS\n/)[1].split(/^\.SH /m)[0].split('\n')) {
      if (line.startsWith('.SS ')) told[(section = plain(line).replace('pgherald ', ''))] = []
      else if (/^\.BI? \\-\\-/.test(line) && told[section]) told[section].push(plain(line))
    }
    assert.deepEqual(told, commands())
    assert.deepEqual(Object.keys(told), Object.keys(commands()))
  })

  test('names the exit statuses that the help names', () => {
    const [, statuses] = /Exit status: (.*)\.$/m.exec(execFileSync(program, ['help'], { encoding: 'utf8' }))
    assert.ok(page('pgherald.7').includes(statuses))
    const told = [...page('pgherald.1').split('.SH EXIT STATUS')[1].split('.SH ')[0].matchAll(/^\.B (\d)$/gm)].map(([, n]) => n)
    assert.deepEqual(told, [...statuses.matchAll(/\d/g)].map(([n]) => n))
  })

  test('names documents that are there', () => {
    const named = [...page('pgherald.7').matchAll(/^\.I (\w+\.md)$/gm)].map(([, name]) => name)
    assert.ok(named.length > 5)
    for (const name of named) assert.ok(existsSync(join(repository, 'contrib/doc', name)), name)
  })
})

describe('the reference of SQL functions', { skip: missing() }, () => {
  const sections = Object.fromEntries(
    document('sql.md').split(/^### herald\./m).slice(1).map((section) => [/^\w+/.exec(section)[0], section.split(/^## /m)[0]]))
  let cluster, functions
  before(async () => {
    cluster = await Cluster.start()
    await migrate(cluster)
    const client = await cluster.client()
    const { rows } = await client.query(`
      SELECT p.proname AS name, pg_get_function_result(p.oid) AS result, obj_description(p.oid, 'pg_proc') LIKE 'Public: %' AS described,
             ARRAY(SELECT format('| \`%s\` | %s | %s |', n.name, format_type(t.type, NULL),
                                 CASE WHEN n.at <= p.pronargs - p.pronargdefaults THEN 'required'
                                      ELSE regexp_replace(pg_get_function_arg_default(p.oid, n.at::int), '::[a-z ]+(\\[\\])?$', '') END)
                     FROM unnest(p.proargnames) WITH ORDINALITY n (name, at) JOIN unnest(p.proargtypes) WITH ORDINALITY t (type, at) USING (at)
                    ORDER BY n.at) AS arguments
        FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace`)
    functions = new Map(rows.map((row) => [row.name, row]))
    await client.end()
  })
  after(() => cluster?.destroy())

  for (const [name, text] of Object.entries(sections)) {
    test(`has all arguments of ${name}, with their types and defaults`, () => {
      const { arguments: wanted, result } = functions.get(name)
      const told = [...text.matchAll(/^\| `\w+` \|[^|]*\|[^|]*\|/gm)].map(([row]) => row)
      assert.deepEqual(told, wanted)
      if (told.length === 0) assert.match(text, /Has no arguments/)
      if (result.startsWith('TABLE')) assert.match(text, /Returns a table/)
      else assert.equal(/Returns `([^`]+)`/.exec(text)?.[1] ?? 'void', result)
    })
  }

  test('has every function whose comment says that it is public, and no other one', (t) => {
    const described = [...functions.values()].filter((f) => f.described).map((f) => f.name)
    if (described.length === 0) return t.skip('no comment of this schema says so')
    assert.deepEqual(described.sort(), Object.keys(sections).sort())
  })

  test('is what pgherald(7) lists', () => {
    const list = page('pgherald.7').split('.\\" functions\n')[1].split('.\\" end of functions')[0]
    const listed = [...list.matchAll(/^\.BR? (.*)$/gm)].flatMap(([, names]) => names.match(/\w+/g))
    assert.deepEqual(listed.sort(), Object.keys(sections).sort())
  })

  test('has every function of herald that documents name, but the one that doctor asks for', () => {
    const documents = readdirSync(join(repository, 'contrib/doc')).map((name) => `contrib/doc/${name}`).concat('README.md')
    for (const name of documents)
      for (const [, called] of readFileSync(join(repository, name), 'utf8').matchAll(/\bherald\.(\w+)\(/g))
        assert.ok(called in sections || called === 'capture', `${name} names herald.${called}()`)
  })
})

describe('documents for operators', { skip: missing() }, () => {
  let cluster
  before(async () => {
    cluster = await Cluster.start()
    await migrate(cluster)
  })
  after(() => cluster?.destroy())

  test('have every check of doctor, and no other one', async () => {
    const { stdout } = await pgherald(['doctor', '--json', '--database-url', cluster.url()])
    const checks = new Set(JSON.parse(stdout).checks.map(({ check }) => check))
    const [, tables] = /^### The configuration([^]*)^## explain/m.exec(document('troubleshooting.md'))
    const told = [...tables.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell]) => cell.split(', ').map((name) => name.replaceAll('`', '')))
    assert.deepEqual(told.sort(), [...checks].sort())
  })

  test('have cron prune', async () => {
    const [, command] = /^ {4}\*\/5 \* \* \* \* (psql .*)$/m.exec(document('operating.md'))
    const { code, stdout, stderr } = await run('bash', ['-c', command], { env: { ...process.env, DATABASE_URL: cluster.url() } })
    assert.deepEqual([code, stdout.trim(), stderr], [0, '0', ''])
  })

  test("list the tables that the daemon's role may read", async () => {
    await cluster.psql("CREATE ROLE reader; SELECT herald.grant_daemon('reader')")
    const readable = await cluster.psql(`SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
      WHERE relnamespace = 'herald'::regnamespace AND relkind IN ('r', 'v') AND has_table_privilege('reader', oid, 'SELECT')`)
    const [, list] = /SELECT on these\s+tables: ([^.]*)\./.exec(document('security.md'))
    assert.equal([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort().join(' '), readable)
  })

  test('say what each version of the schema does', () => {
    const versions = readdirSync(join(repository, 'sql/migrations')).map((name) => Number(name.slice(0, 4)))
    const told = [...document('changes.md').matchAll(/^- \*\*(\d+)\*\* /gm)].map(([, version]) => Number(version))
    assert.deepEqual(told, versions)
  })
})

describe('documents', () => {
  const folder = join(repository, 'contrib/doc')
  const makefile = readFileSync(join(repository, 'Makefile'), 'utf8')

  for (const name of readdirSync(folder)) {
    test(`${name}: targets of make and options are there`, () => {
      const text = document(name)
      for (const [, target] of text.matchAll(/(?:^ {4}|`)make ([a-z][a-z-]+)(?![\w/])/gm)) assert.match(makefile, new RegExp(`^${target}:`, 'm'))
      for (const [, option] of text.matchAll(/`([a-z]+(?:-[a-z]+)+)(?: = [^`]*)?`/g))
        if (/^(jwt|max|log|poll|admin|token|allowed|compress|encryption|database)-/.test(option)) assert.ok(page('pgherald.conf.5').includes(`.BI ${option.replaceAll('-', '\\-')} `), option)
    })
  }
})
