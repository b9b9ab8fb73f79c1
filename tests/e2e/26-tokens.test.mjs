// Tokens that no honest application makes, keys that are not valid, and keys that change. The
// numbers are those of the catalogue of bad input that these cases come from. tests/unit tests what
// depends on single bytes (test_auth_token*, test_auth_key, test_auth_jwks).
// run: both
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { missing, run, sanitized } from '../lib/daemon.mjs'
import { algorithms, jwkOf, makeKey, pemOf, signText, signWith } from '../lib/keys.mjs'
import { countInMemory, mayLook, shown } from '../lib/memory.mjs'
import { request, Subscriber } from '../lib/sse.mjs'
import { openStage } from '../lib/stage.mjs'
import { seconds, secret, token } from '../lib/token.mjs'
import { until } from '../lib/wait.mjs'

const refusal = '{"success":false,"errors":["Not authorized, token failed"]}'
const now = seconds()
const exp = now + 3600

describe('tokens', { skip: missing() }, () => {
  let stage, files = 0
  before(async () => {
    stage = await openStage({
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
    })
  })
  after(() => stage?.close())

  /** Writes a file with a new name. */
  function file(text, mode = 0o600) {
    const path = join(stage.daemon.directory, `file-${files++}`)
    writeFileSync(path, text)
    chmodSync(path, mode) // whatever the umask is
    return path
  }

  const ask = (value, daemon = stage.daemon) => request(daemon.url(`/own?token=${encodeURIComponent(value)}`))

  async function assertRefused(value, what, daemon) {
    const { status, text, headers } = await ask(value, daemon)
    assert.equal(status, 401, what)
    assert.equal(text, refusal, what)
    assert.match(headers['www-authenticate'], /^Bearer/, what)
  }

  async function assertTaken(value, what, daemon = stage.daemon) {
    const stream = await Subscriber.open(daemon.url('/own'), { token: value })
    await stream.close()
    assert.equal(stream.status, 200, what)
  }

  const key = { secret }
  const sign = (header, payload) => signText(typeof header === 'string' ? header : JSON.stringify(header),
    typeof payload === 'string' ? payload : JSON.stringify(payload), key)
  const withHeader = (header) => sign({ alg: 'HS256', ...header }, { sub: 'ann', exp })
  const withClaims = (claims) => sign({ alg: 'HS256' }, { sub: 'ann', exp, ...claims })
  const withPayload = (text) => sign({ alg: 'HS256' }, text)
  const good = withClaims({})
  const [head, body, signature] = good.split('.')

  const rows = {
    'J01 of too few, too many or empty segments': {
      refused: ['', '.', '..', '...', 'a.b', 'a.b.c', 'a.b.c.d', `.${good}`, `${good}.`, `${head}..${signature}`, `.${body}.${signature}`, `${head}.${body}.`],
    },
    'J02 with characters that base64url has not': {
      refused: [`${good}=`, `${head}=.${body}.${signature}`, `${good}+/`, `${head}.\r\n${body}.${signature}`, ` ${good}`, `${good} `, 
        `${good}é`, good.replaceAll('.', '%2e'), `${head}.${body.slice(0, 5)}\n${body.slice(5)}.${signature}`],
    },
    'J03 that is too long': {
      refused: [withClaims({ filler: 'x'.repeat(16384 * 0.75) }), `${head}.${'a'.repeat(30_000)}.${signature}`],
      taken: [withClaims({ filler: 'x'.repeat(6000) }), withClaims({ roles: Array.from({ length: 250 }, (_, n) => `a-role-of-a-realm-${n}-with-a-name`) })],
    },
    'J04 of an algorithm that is not the key\'s': {
      refused: ['none', 'None', 'nOnE', null, undefined, 256, ['HS256'], 'hs256', 'HS384', 'HS512', 'RS256', 'PS256', 'EdDSA', 'dir', ''].map((alg) => withHeader({ alg })),
    },
    'J05 whose signature is not its own': {
      refused: [`${head}.${body}.${'A'.repeat(43)}`, `${head}.${body}.${signature.slice(0, -1)}`, `${good}AAAA`, `${good}A`,
        ...Array.from({ length: 50 }, () => `${head}.${body}.${randomBytes(32).toString('base64url')}`)],
    },
    'J06 with a member twice': {
      refused: [sign('{"alg":"HS256","alg":"HS256"}', { sub: 'ann', exp }), withPayload(`{"sub":"ann","sub":"bob","exp":${exp}}`),
        withPayload(`{"sub":"ann","exp":${exp},"exp":${exp}}`), withPayload(`{"sub":"ann","s\\u0075b":"bob","exp":${exp}}`)],
    },
    'J07 whose header asks for more, or brings its key along': {
      refused: [withHeader({ crit: ['exp'] }), withHeader({ b64: false }), withHeader({ b64: true }), withHeader({ kid: '' }), withHeader({ kid: 7 }),
        withHeader({ kid: 'x'.repeat(10_000) }), signText(JSON.stringify({ alg: 'HS256', jwk: { kty: 'oct', k: 'eA' } }), JSON.stringify({ sub: 'ann', exp }), { secret: 'x' })],
      taken: [withHeader({ kid: '../../etc/passwd' }), withHeader({ kid: "' OR 1=1 --" }), withHeader({ jku: 'http://127.0.0.1:9/' })],
    },
    'J08 of another typ': {
      refused: ['JWE', '', null, 1, 'stat+jwt', 'logout+jwt', 'dpop+jwt', 'text/at+jwt', ['at+jwt']].map((typ) => withHeader({ typ })),
      taken: ['JWT', 'jwt', undefined, 'at+jwt', 'AT+JWT', 'application/at+jwt', 'application/okta-internal-at+jwt'].map((typ) => withHeader({ typ })),
    },
    'J09 whose exp is no time to come': {
      refused: [...[undefined, 0, -1, null, true, String(exp), [exp], {}, 1.5, now - 40].map((value) => withClaims({ exp: value })),
        ...['NaN', '1e999', '9223372036854775807', '9223372036854775808', '18446744073709551616'].map((text) => withPayload(`{"sub":"ann","exp":${text}}`))],
      taken: () => [withClaims({ exp: seconds() - 15 }), withClaims({ exp: exp + 0.5 }), withClaims({ exp: 1e10 })],
    },
    'J10 not valid or not issued yet': {
      refused: () => [withClaims({ nbf: seconds() + 60 }), withClaims({ iat: seconds() + 60 }), withClaims({ nbf: '0' }), withClaims({ iat: null })],
      taken: [withClaims({ nbf: now + 20, iat: now + 20 }), withClaims({ nbf: 0, iat: 0 })],
    },
    'J12 whose sub is no name': {
      refused: [undefined, null, '', 7.5, true, {}, ['ann'], 'x'.repeat(256), 'a\nb', 'a\r', 'a\0b', '\x1b[2J', '\x7f'].map((sub) => withClaims({ sub })),
      taken: [7, "'; DROP TABLE notes; --", ' ann ', 'é', 'é', '"', 'x'.repeat(255)].map((sub) => withClaims({ sub })),
    },
    'J13 whose payload is no JSON object': {
      refused: ['[]', '"x"', '7', 'null', '', `\ufeff{"sub":"ann","exp":${exp}}`, `{"sub":"ann","exp":${exp}}x`, `{"sub":"ann","exp":${exp},"a":${'['.repeat(1500)}${']'.repeat(1500)}}`,
        `{'sub':'ann','exp':${exp}}`, `{"sub":"ann","exp":${exp},}`, `{"sub":"ann","exp":${exp},"n":1e400}`].map(withPayload).concat(signText('{"alg":"HS256"}', Buffer.from('{"sub":"\xff"}', 'latin1'), key)),
      taken: [withClaims(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, 1]))), withClaims({ name: 'João', 日: '😀' })],
    },
    'J15 that is a sealed or an encrypted text': {
      refused: [`Fe26.2**${'a'.repeat(64)}*${'b'.repeat(22)}*${'c'.repeat(43)}*1700000000000*${'d'.repeat(64)}*${'e'.repeat(43)}`,
        'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA', 'eyJhbGciOiJkaXIifQ.AAAA.AAAA.AAAA.AAAA'],
    },
    'J17 in another spelling of a good signature': {
      refused: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter((letter) => letter !== signature.at(-1))
        .map((letter) => `${head}.${body}.${signature.slice(0, -1)}${letter}`),
    },
  }
  const all = (values) => (typeof values === 'function' ? values() : values) // the values of this moment
  for (const [what, { refused, taken = [] }] of Object.entries(rows)) {
    test(`a token ${what} is refused, and the reason stays in the log`, async () => {
      for (const value of all(refused)) await assertRefused(value, value.slice(0, 200))
      for (const value of all(taken)) await assertTaken(value, value.slice(0, 200))
    })
  }

  test('J05 a token with any bit of its signature changed is refused', async () => {
    const bytes = Buffer.from(signature, 'base64url')
    for (let bit = 0; bit < 256; bit++) {
      const wrong = Buffer.from(bytes)
      wrong[bit >> 3] ^= 1 << (bit & 7)
      await assertRefused(`${head}.${body}.${wrong.toString('base64url')}`, `bit ${bit}`)
    }
    await assertTaken(good)
  })

  test('J11 issuer and audience are those that are configured', async () => {
    const daemon = await stage.addDaemon({ flags: ['--jwt-issuer', 'me', '--jwt-audience', 'us'] })
    const wrong = [{}, { iss: 'me' }, { aud: 'us' }, { iss: 'Me', aud: 'us' }, { iss: ['me'], aud: 'us' }, { iss: 'me', aud: 'them' }, { iss: 'me', aud: [] },
      { iss: 'me', aud: ['them'] }, { iss: 'me', aud: 7 }, { iss: 'me', aud: ['us', 7] }, { iss: 'me', aud: { us: true } }]
    for (const claims of wrong) await assertRefused(withClaims(claims), JSON.stringify(claims), daemon)
    for (const aud of ['us', ['us'], ['them', 'us']]) await assertTaken(withClaims({ iss: 'me', aud }), JSON.stringify(aud), daemon)
    const several = await stage.addDaemon({ flags: ['--jwt-issuer', 'me, https://id.example', '--jwt-audience', 'us,them'] })
    for (const iss of ['me', 'https://id.example']) for (const aud of ['us', 'them', ['x', 'them']]) await assertTaken(withClaims({ iss, aud }), `${iss} ${aud}`, several)
    for (const claims of [{ iss: 'me, https://id.example', aud: 'us' }, { iss: 'me', aud: 'us,them' }, { iss: 'you', aud: 'us' }]) await assertRefused(withClaims(claims), JSON.stringify(claims), several)
  })

  test('J14 claims that no stream asks for open nothing', async () => {
    const claims = { sub: 'ann', role: 'admin', admin: true, scope: '*', owner: 'bob' }
    const stream = await stage.daemon.subscribe('/own', { token: await token(claims) })
    await stream.next('connected')
    await stage.cluster.psql("INSERT INTO notes VALUES (1, 'bob'); INSERT INTO notes VALUES (2, 'ann')")
    const { data } = await stream.next('notes.insert')
    assert.deepEqual(JSON.parse(data).key, { id: 2 })
    await stream.close()
  })

  test('a NUL in a token makes the request malformed', async () => assert.equal((await ask(`${head}.\0${body}.${signature}`)).status, 400))

  test('nothing of a token and no key is in the log, and reasons are', async () => {
    const reasons = {
      'has not the form': 'a.b', 'is longer than 16 KB': withClaims({ filler: 'x'.repeat(16384 * 0.75) }), 'signature is wrong': `${head}.${body}.${'A'.repeat(43)}`, 'its subject': withClaims({ sub: 1.5 }), 'its typ': withHeader({ typ: 'logout+jwt' }),
      crit: withHeader({ crit: ['exp'] }), 'no exp': withPayload('{"sub":"ann"}'),
    }
    for (const [reason, value] of Object.entries(reasons)) { // the log tells ten of many a second
      await until(async () => await ask(value) && stage.daemon.logs().includes(reason), { what: reason })
    }
    for (const part of [head, body, signature, secret]) assert.ok(!stage.daemon.logs().includes(part))
  })

  test('each of the thirteen algorithms is taken with its own key, from one set, and no other kid gets there', async () => {
    const keys = algorithms.map((alg) => makeKey(alg, { kid: `the ${alg}` }))
    const daemon = await stage.addDaemon({ keys: ['--jwks-file', file(JSON.stringify({ keys: keys.map(jwkOf) }))] })
    for (const [at, each] of keys.entries()) {
      await assertTaken(await signWith(each, { sub: 'ann' }), each.alg, daemon)
      await assertTaken(await signWith(each, { sub: 'ann' }, { kid: undefined }), `${each.alg} without a kid`, daemon)
      await assertTaken(await signWith(each, { sub: 'ann' }, { typ: 'at+jwt' }), `${each.alg}, an access token`, daemon)
      await assertRefused(await signWith(each, { sub: 'ann' }, { kid: keys[(at + 1) % keys.length].kid }), `${each.alg} under a wrong kid`, daemon)
      await assertRefused(await signWith(each, { sub: 'ann' }, { kid: 'unknown' }), `${each.alg} under no kid of ours`, daemon)
      await assertRefused(await signWith({ ...makeKey(each.alg), kid: each.kid }, { sub: 'ann' }), `another ${each.alg}`, daemon)
    }
    await assertRefused(await signWith(keys[3], { sub: 'ann' }, { alg: 'PS256' }), 'PS256 with the key of RS256', daemon)
    await assertRefused(await signWith(keys[3], { sub: 'ann' }, { alg: 'RS512' }), 'RS512 with the key of RS256', daemon)
  })

  test('an RSA key that names no algorithm takes RS and PS, in a set and as PEM, and each other kind its own', async () => {
    const rsa = makeKey('RS256')
    const set = file(JSON.stringify({ keys: [{ ...jwkOf(rsa), alg: undefined }] }))
    const pem = (key) => ['--jwt-public-key-file', file(pemOf(key), 0o644)]
    const others = (own) => algorithms.filter((alg) => !alg.startsWith('HS') && !own.includes(alg))
    const families = algorithms.filter((alg) => /^[RP]S/.test(alg))
    const eddsa = makeKey('EdDSA')
    for (const [key, keys, own] of [[rsa, ['--jwks-file', set], families], [rsa, pem(rsa), families], [eddsa, pem(eddsa), ['EdDSA']], [rsa, [...pem(rsa), '--jwt-algorithm', 'PS384'], ['PS384']]]) {
      const daemon = await stage.addDaemon({ keys })
      for (const alg of own) for (const typ of ['JWT', 'at+jwt']) await assertTaken(await signWith({ ...key, alg }, { sub: 'ann' }, { typ }), alg, daemon)
      for (const alg of others(own)) {
        const can = key === rsa ? families.includes(alg) : alg === 'EdDSA'
        await assertRefused(await signWith({ ...(can ? key : makeKey(alg)), alg }, { sub: 'ann' }), `${alg} at ${own}`, daemon)
      }
    }
  })

  test('a file of keys that is written or replaced counts without a signal, and a bad one changes nothing', async () => {
    const [first, second, third] = ['1', '2', '3'].map((kid) => makeKey('ES256', { kid }))
    const signed = await Promise.all([first, second, third].map((key) => signWith(key, { sub: 'ann' })))
    const set = file(JSON.stringify({ keys: [jwkOf(first)] }), 0o644)
    const daemon = await stage.addDaemon({ keys: ['--jwks-file', set] })
    const stream = await Subscriber.open(daemon.url('/own'), { token: signed[0] })
    writeFileSync(set, JSON.stringify({ keys: [first, second].map(jwkOf) }))
    await daemon.said(/verified with 2 keys now: 1 new ones, and 0 are taken no more/)
    await assertTaken(signed[1], 'a key that was added', daemon)
    writeFileSync(set, '{"keys":[')
    await daemon.said(/the keys stay as they were: jwks-file/)
    await assertTaken(signed[1], 'after a bad set', daemon)
    assert.equal(stream.open, true)
    renameSync(file(JSON.stringify({ keys: [jwkOf(third)] }), 0o644), set) // as mounted secrets are replaced
    await daemon.said(/verified with 1 keys now: 1 new ones, and 2 are taken no more/)
    await assertTaken(signed[2], 'a key in a file that was put there', daemon)
    await assertRefused(signed[1], 'one that is gone', daemon)
    await stream.when(() => stream.frames.some(({ name }) => name === 'closing'), 20_000, () => 'the end of what the old key opened')
    await stream.close()
  })

  test('J04 HS256 signed with the public key of RS256, ES256, PS256 or EdDSA is refused', async () => {
    for (const alg of ['RS256', 'ES256', 'PS256', 'EdDSA']) {
      const pair = makeKey(alg)
      const pem = pemOf(pair)
      const daemon = await stage.addDaemon({ keys: ['--jwt-public-key-file', file(pem, 0o644)] })
      await assertTaken(await signWith(pair, { sub: 'ann' }), alg, daemon)
      for (const forged of [pem, pem.trimEnd()]) {
        await assertRefused(signText('{"alg":"HS256"}', JSON.stringify({ sub: 'ann', exp }), { secret: forged }), `HS256 at ${alg}`, daemon)
        await assertRefused(signText('{"alg":"HS256","typ":"at+jwt"}', JSON.stringify({ sub: 'ann', exp }), { secret: forged }), `HS256 at ${alg}, an access token`, daemon)
        await assertRefused(signText(JSON.stringify({ alg }), JSON.stringify({ sub: 'ann', exp }), { secret: forged }), `HMAC as ${alg}`, daemon)
      }
    }
  })

  test('keys rotate: by SIGHUP both are taken, then the new one alone; a bad set changes nothing', async () => {
    const [first, second] = [makeKey('RS256', { kid: '1' }), makeKey('ES256', { kid: '2' })]
    const [old, fresh] = [await signWith(first, { sub: 'ann' }), await signWith(second, { sub: 'ann' })]
    const set = file(JSON.stringify({ keys: [jwkOf(first)] }), 0o644)
    const write = (keys) => writeFileSync(set, JSON.stringify({ keys }))
    const daemon = await stage.addDaemon({ keys: [], env: { PGHERALD_JWKS_FILE: set } })
    await assertTaken(old, 'the old one at first', daemon)
    await assertRefused(fresh, 'the new one at first', daemon)

    write([jwkOf(first), jwkOf(second)])
    await daemon.reload(/verified with 2 keys now: 1 new ones, and 0 are taken no more/)
    await assertTaken(old, 'the old one side by side', daemon)
    await assertTaken(fresh, 'the new one side by side', daemon)

    const open = (value) => Subscriber.open(daemon.url('/own'), { token: value })
    const [ends, stays] = [await open(old), await open(fresh)]
    const { json } = await request(daemon.url('/stream/ticket'), { method: 'POST', headers: { Authorization: `Bearer ${old}` } })

    for (const bad of [[], [jwkOf(second), jwkOf(second)], [{ ...jwkOf(second), x: 'AAAA' }], [second.privateKey.export({ format: 'jwk' })]]) {
      write(bad)
      assert.match(await daemon.reload(/stays as it was/), /jwks-file: .*file-\d+'.*(key|there)/)
    }
    await assertTaken(old, 'the old one after bad sets', daemon)

    write([jwkOf(second)])
    await daemon.reload(/verified with 1 keys now: 0 new ones, and 1 are taken no more/)
    assert.deepEqual(JSON.parse((await ends.next('closing')).data), { reason: 'revoked', retry: true })
    await assertRefused(old, 'the old one at last', daemon)
    assert.equal((await request(daemon.url(`/own?ticket=${json.ticket}`))).status, 401, 'a ticket for the old one')
    await assertTaken(fresh, 'the new one at last', daemon)
    assert.ok(stays.open)
    await stays.close()
  })

  test('others see no secret of the command line and the environment, and SIGHUP has it still', { skip: !mayLook() && 'only root sees another\'s /proc' }, async () => {
    const password = 'the-password-of-the-database'
    const url = stage.cluster.url().replace('postgres@', `postgres:${password}@`)
    const places = [
      { keys: ['--jwt-secret', secret], databaseUrl: url },
      { keys: [`--jwt-secret=${secret}`], databaseUrl: null, env: { DATABASE_URL: url } },
      { keys: [], databaseUrl: null, env: { PGHERALD_JWT_SECRET: secret, PGHERALD_DATABASE_URL: url, DATABASE_URL: url } },
    ]
    for (const place of places) {
      const config = file('retention = 25h\n')
      const daemon = await stage.addDaemon({ ...place, env: { PGHERALD_RETRY: '3s', ...place.env }, flags: ['--heartbeat', '20s', '--config', config] })
      const { cmdline, environ } = shown(daemon.pid)
      for (const text of [secret, password]) assert.ok(!cmdline.includes(text) && !environ.includes(text), JSON.stringify(place))
      assert.match(environ, /PGHERALD_RETRY=3s/) // it is the right process, and only the secrets are missing
      assert.match(cmdline, /--heartbeat\u000020s/)
      if (place.keys.length > 0) await daemon.said(/--jwt-secret on the command line/)
      else assert.doesNotMatch(daemon.logs(), /--jwt-secret on the command line/)
      assert.ok(!daemon.logs().includes(secret) && !daemon.logs().includes(password))

      writeFileSync(config, 'retention = 26h\n')
      await daemon.reload(/retention is '26h' now/)
      const stream = await Subscriber.open(daemon.url('/own'), { token: good })
      await stream.next('connected')
      assert.ok(stream.current.head.includes('retry: 3000'), stream.current.head)
      await stream.close()
    }
  })

  const memory = { skip: (!mayLook() && 'only root sees another\'s memory') || (sanitized() && 'the sanitizer keeps copies') }
  test('a secret is in memory as often as it must be, and gone when it is replaced', memory, async () => {
    // The secrets are long and short in turn, so that the second one does not come to lie where the
    // first was. Pieces are searched, because the allocator writes into memory that is freed.
    const [first, second, third] = [600, 36, 600].map((size) => ({ alg: 'HS256', kid: 'k', secret: randomBytes(size) }))
    const pieces = (bytes) => Array.from({ length: 10 }, (_, at) => bytes.subarray(60 * at + 8, 60 * at + 24))
    const most = (pid, bytes) => Math.max(...countInMemory(pid, pieces(bytes)))
    const text = (each) => Buffer.from(each.secret.toString('base64'))
    const ways = {
      '--jwks-file': { content: (each) => JSON.stringify({ keys: [jwkOf(each)] }), bytes: (each) => each.secret, copies: 1 },
      '--jwt-secret-file': { content: (each) => `${text(each)}\n`, bytes: text, copies: 1 },
      '--config': { content: (each) => `jwt-secret = ${text(each)}\n`, bytes: text, copies: 2 }, // the option and the key
    }
    for (const [flag, { content, bytes, copies }] of Object.entries(ways)) {
      const path = file(content(first))
      const daemon = await stage.addDaemon({ keys: [flag, path], flags: ['--log-size', '1MB'] })
      const signer = (each) => ({ ...each, secret: bytes(each) })
      assert.equal(most(daemon.pid, bytes(first)), copies, `${flag}: copies at the start`)
      await assertTaken(await signWith(signer(first), { sub: 'ann' }), `${flag}, the first`, daemon)
      assert.equal(most(daemon.pid, bytes(first)), copies, `${flag}: copies when it was used`)
      if (flag === '--jwks-file') assert.equal(most(daemon.pid, Buffer.from(first.secret.toString('base64url'))), 0, 'its text')
      for (const next of [second, third, second]) { // the program keeps what it began with for its other options, so once more
        writeFileSync(path, content(next))
        await daemon.reload(/verified with 1 keys now: 1 new ones, and 1 are taken no more/)
        await assertTaken(await signWith(signer(next), { sub: 'ann' }), `${flag}, another`, daemon)
      }
      for (const gone of [first, third]) assert.equal(most(daemon.pid, bytes(gone)), 0, `${flag}: copies of what was replaced`)
    }
  })

  test('J18 the daemon does not start with a key that is none, weak, for all to read, or not what it should be', async () => {
    const directory = join(stage.daemon.directory, 'a-directory')
    mkdirSync(directory)
    const fifo = join(stage.daemon.directory, 'a-fifo')
    execFileSync('mkfifo', [fifo])
    const [rsa, weak, p256] = [makeKey('RS256'), makeKey('RS256', { bits: 1024 }), makeKey('ES256')]
    const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const cases = [
      ['an empty file', ['--jwt-secret-file', file('')], /is empty/],
      ['a line end alone', ['--jwt-secret-file', file('\n')], /0 bytes/],
      ['31 bytes', ['--jwt-secret-file', file('x'.repeat(31))], /31 bytes, fewer than 32/],
      ['32 bytes for HS512', ['--jwt-secret-file', file('x'.repeat(32)), '--jwt-algorithm', 'HS512'], /32 bytes, fewer than 64/],
      ['a directory', ['--jwt-secret-file', directory], /directory/],
      ['a FIFO', ['--jwt-secret-file', fifo], /not a regular file/],
      ['a large file', ['--jwt-secret-file', file('x'.repeat(70_000))], /too large/],
      ['a secret for all to read', ['--jwt-secret-file', file('x'.repeat(32), 0o644)], /everybody can read.*chmod 600/],
      ['a secret for all to write', ['--jwt-secret-file', file('x'.repeat(32), 0o602)], /everybody can read or write/],
      ['a public key as secret', ['--jwt-secret-file', file(pemOf(rsa))], /PEM/],
      ['several lines', ['--jwt-secret-file', file(`${'x'.repeat(40)}\n${'y'.repeat(40)}\n`)], /several lines/],
      ['RSA of 1024 bits', ['--jwt-public-key-file', file(pemOf(weak))], /1024 bits, fewer than 2048/],
      ['a curve that does not fit', ['--jwt-public-key-file', file(pemOf(p256)), '--jwt-algorithm', 'ES384'], /not for/],
      ['a private key', ['--jwt-public-key-file', file(privatePem)], /private key/],
      ['a certificate', ['--jwt-public-key-file', file('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n')], /certificate/],
      ['two keys', ['--jwt-public-key-file', file(pemOf(rsa) + pemOf(p256))], /2 PEM blocks/],
      ['a set of private keys', ['--jwks-file', file(JSON.stringify({ keys: [rsa.privateKey.export({ format: 'jwk' })] }))], /key 1: .*private part/],
      ['a set of secrets for all to read', ['--jwks-file', file(JSON.stringify({ keys: [jwkOf(makeKey('HS256'))] }), 0o644)], /everybody can read/],
      ['RSA of 1024 bits for PS256', ['--jwks-file', file(JSON.stringify({ keys: [{ ...jwkOf(weak), alg: 'PS256' }] }))], /1024 bits, fewer than 2048/],
      ['a point of small order', ['--jwks-file', file(JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: `AQ${'A'.repeat(41)}` }] }))], /key 1: .*not those of a key/],
      ['an algorithm that the curve has not', ['--jwks-file', file(JSON.stringify({ keys: [{ ...jwkOf(makeKey('EdDSA')), alg: 'ES256' }] }))], /key 1: .*not for/],
      ['a set that is none', ['--jwks-file', file('keys')], /not a JSON Web Key Set/],
      ['one kid twice', ['--jwks-file', file(JSON.stringify({ keys: [rsa, p256].map((each) => jwkOf({ ...each, kid: 'a' })) }))], /key 2: its kid/],
      ['two sources', ['--jwks-file', file('{}'), '--jwt-secret-file', file('x'.repeat(32))], /more than one/],
    ]
    for (const [what, args, sentence] of cases) {
      const { code, stderr } = await run(['serve', '--database-url', stage.cluster.url(), '--listen', '127.0.0.1:1', ...args], { timeout: 60_000 })
      assert.equal(code, 3, `${what}: ${stderr}`)
      assert.match(stderr, sentence, what)
    }
  })

  test('`pgherald token` signs with an oct key of a set, and says when the server would not take the token', async () => {
    const set = file(JSON.stringify({ keys: [jwkOf(makeKey('RS256', { kid: 'public' })), jwkOf(makeKey('HS512', { kid: 'mine' }))] }))
    const { code, stdout, stderr } = await run(['token', '--sub', 'ann', '--jwks-file', set])
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(Buffer.from(stdout.split('.')[0], 'base64url')), { alg: 'HS512', kid: 'mine', typ: 'JWT' })
    const daemon = await stage.addDaemon({ keys: ['--jwks-file', set] })
    await assertTaken(stdout.trim(), 'the token', daemon)
    for (const [args, reason] of [[['--sub', ''], /sub/], [['--sub', 'ann', '--claim', 'exp=1'], /expired/], [['--sub', 'ann', '--claim', 'jti=7'], /jti/]]) {
      const result = await run(['token', ...args, '--jwks-file', set])
      assert.equal(result.code, 1, result.stdout)
      assert.match(result.stderr, reason)
      assert.equal(result.stdout, '')
    }
    const none = await run(['token', '--sub', 'ann', '--jwks-file', file(JSON.stringify(jwkOf(makeKey('ES256'))))])
    assert.equal(none.code, 3)
    assert.match(none.stderr, /there is none/)
  })
})
