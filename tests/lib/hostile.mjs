// Requests that two programs could read differently, or that nobody should send: as bytes, with the
// daemon's answer. The daemon has the anonymous streams /open and /smuggled. Its stream /own asks
// for a token.

/** A whole request. It must never run if it comes after a request that is refused. */
export const second = 'GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

const head = (first, ...lines) => [first, 'Host: a', ...lines, '', ''].join('\r\n')
const open = (...lines) => head('GET /open HTTP/1.1', ...lines)
const own = (...lines) => head('GET /own HTTP/1.1', ...lines)
const target = (path, ...lines) => head(`GET ${path} HTTP/1.1`, ...lines)
const post = (body, ...lines) => head('POST /stream/ticket HTTP/1.1', ...lines) + body
const json = 'Content-Type: application/json'
const both = (...lines) => [open(...lines), post('', json, ...lines)]
const bare = (method, path) => `${method} ${path} HTTP/1.0\r\n\r\n`
const sizes = Array.from({ length: 12 }, (_, n) => 14_250 + 190 * n)
const fields = (count, size = 1) => Array.from({ length: count }, (_, n) => `X-${n}: ${'x'.repeat(size)}`)

/** Bytes without any form, the same in each run. */
function noise(length) {
  const bytes = Buffer.alloc(length)
  for (let at = 0, seed = 1; at < length; at++) bytes[at] = (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16
  return bytes
}

/**
 * The rows of the catalogue of bad input: [row, what, bytes or a list of them, status]. The daemon
 * answers each so, whatever HTTP library it has. `good` and `bad` are tokens. Nothing here waits
 * for the deadline.
 */
export const hostile = ({ good, bad }) => [
  ['H01', 'a length and a transfer coding, in both orders',
    [...both('Content-Length: 5', 'Transfer-Encoding: chunked'), ...both('Transfer-Encoding: chunked', 'Content-Length: 5')], 400],
  ['H02', 'two lengths, different or equal', [...both('Content-Length: 0', 'Content-Length: 5'), ...both('Content-Length: 5', 'Content-Length: 0'),
    ...both('Content-Length: 0', 'Content-Length: 0'), ...both('Content-Length: 2', 'Content-Length: 2')], 400],
  ['H03', 'a length that is no number', ['+5', '-1', '0x5', '5a', '', '5, 5', '0, 0', '5 5', "'5'"].flatMap((length) => both(`Content-Length: ${length}`)), 400],
  ['H04', 'a length of 23 digits', both(`Content-Length: ${'9'.repeat(23)}`), 413],
  ['H04', 'a length of 2^64-1', both('Content-Length: 18446744073709551615'), 413],
  ['H05', 'chunks where a body is taken', ['chunked', 'chunked ', 'CHUNKED'].map((coding) => post('2\r\n{}\r\n0\r\n\r\n', json, `Transfer-Encoding: ${coding}`)), 411],
  ['H05', 'chunks where none could be', [`${head('DELETE /open HTTP/1.1', 'Transfer-Encoding: chunked')}0\r\n\r\n`, `${head('POST /nowhere HTTP/1.1', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`], 411],
  ['H05', 'a GET in chunks, as some proxies make it: they are not read', ['', '0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', 'g\r\n'].map((body) => `${open('Transfer-Encoding: chunked')}${body}`), 200],
  ['H05', 'a transfer coding of any other name', ['identity', 'gzip', 'xchunked', 'gzip, chunked', ''].flatMap((coding) => both(`Transfer-Encoding: ${coding}`)), 501],
  ['H05', 'a transfer coding with a control', both('Transfer-Encoding: \vchunked'), 400],
  ['H06', 'two transfer codings', both('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), 400],
  ['H07', 'a transfer coding in HTTP/1.0', head('GET /open HTTP/1.0', 'Transfer-Encoding: chunked'), 400],
  ['H08', 'a blank before the colon', ['Content-Length : 5', 'Content-Length\t: 5', 'Transfer-Encoding : chunked', 'X : y'].flatMap((line) => both(line)), 400],
  ['H08', 'a name that is no token', ['X(: y', 'X/Y: z', 'Ä: y', 'X\x01: y', '"X": y'].flatMap((line) => both(line)), 400],
  ['H09', 'no Host', 'GET /open HTTP/1.1\r\n\r\n', 400],
  ['H09', 'two Hosts', [open('Host: b'), open('Host: a')], 400],
  ['H09', 'a Host that is none', ['a b', 'a/b', '<>', '', 'a\\b', 'a"', 'ä', 'a@b'].map((host) => `GET /open HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 400],
  ['H10', 'a value that goes on in the next line', ['X: a\r\n b', 'X: a\r\n\tb', 'X: a\r\n ', 'Content-Length: 0\r\n 5', 'Transfer-Encoding: chunked\r\n\t,gzip',
    'X: a\r\n b\r\nY: c', 'Host: a\r\n b'].map((line) => open(line)), 400],
  ['H10', 'a folded Authorization', [own(`Authorization: Bearer\r\n ${good}`), own(`Authorization:\r\n Bearer ${good}`)], 400],
  ['H10', 'a first header that goes on from nothing', 'GET /open HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n', 400],
  ['H11', 'a NUL in a value', ['X: a\0b', 'X: \0', 'X: a\0', 'Content-Length: 0\x005', `Last-Event-ID: 1-0\0x`].map((line) => open(line)), 400],
  ['H11', 'a NUL after a token', own(`Authorization: Bearer ${good}\0x`), 400],
  ['H11', 'a NUL in the target', [target('/open\0'), target('/open\0/more'), target('/open\0HTTP/1.1'), target('/open?a=\0')], 400],
  ['H11', 'a NUL in the method', head('GET\0X /open HTTP/1.1'), 400],
  ['H11', 'a line that begins with a NUL or a colon', [...['\0X: a', ': a', '\0', ':'].map((line) => open(line)), 'GET /open HTTP/1.1\r\nHost: a\r\nX: a\n\0k\n'], 400],
  ['H12', '%00 in path or query', [target('/open%00'), target('/open%00/more'), target('/open?a=%00'), target('/open?%00=a')], 400],
  ['H13', 'a bare CR', ['X: a\rb', 'X: a\rContent-Length: 5', 'X: a\r', '\rX: a'].map((line) => open(line)), 400],
  ['H13', 'other controls in a value', ['\x01', '\x0b', '\x1b[2J', '\x7f'].map((byte) => open(`X: a${byte}b`)), 400],
  ['H14', 'bare LF as the end of a line', ['GET /open HTTP/1.1\nHost: a\n\n', 'GET /open HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', 'GET /open HTTP/1.1\nHost: a\r\n\r\n',
    'GET /open HTTP/1.1\r\nHost: a\r\n\n', ...['X: a \n', 'X: \n', 'X: a \nY: b\r\n'].map((line) => `GET /open HTTP/1.1\r\nHost: a\r\n${line}\r\n`)], 400],
  ['H15', 'a header without colon, or with a NUL in its name', [open('X'), open('X\0Y: a')], 400],
  ['H15', 'a version that is none', ['GET /open HTTP/1.1x', 'GET /open HTTP/11', 'GET /open http/1.1', 'GET /open HTTP/1,1', 'GET /open'].map((line) => head(line)), 400],
  ['H15', 'a line without any target', 'GET\r\nHost: a\r\n\r\n', 400],
  ['H16', 'HTTP/1.2', head('GET /open HTTP/1.2'), 200],
  ['H16', 'an empty line before the request', `\r\n${open()}`, 200],
  ['H16', 'two empty lines before the request', `\r\n\r\n${open()}`, 400],
  ['H17', 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['H17', 'HTTP/2.0 and HTTP/0.9', [head('GET /open HTTP/2.0'), head('GET /open HTTP/0.9')], 505],
  ['H17', 'a TLS hello', Buffer.from('16030100ba010000b60303\x0a'.replace('\x0a', '0a') + '00'.repeat(40) + '0a', 'hex'), 400],
  ['H18', 'a blank in the target', [target('/open /more'), target('/a b')], 400],
  ['H18', 'two blanks before the target', head('GET  /open HTTP/1.1'), 400],
  ['H18', 'a tab after the method', head('GET\t/open HTTP/1.1'), 400],
  ['H18', 'a tab after the target, or at the end of its line', [head('GET /open\tHTTP/1.1'), head('GET /open HTTP/1.1\t')], 400],
  ['H19', 'a target that is no path', [target('*'), target('open'), target('a/open'), target('?a'), target('ftp://a/open')], 404],
  ['H19', 'a target that names its host, which is the one that counts', [target('http://a/open'), target('http://b/open'), target('HTTPS://a:443/open?a=b')], 200],
  ['H19', 'a target that names no host, or one that is none', [target('http:///open'), target('http://u@a/open'), target('http://a%2eb/open'), target('http://?a')], 400],
  ['H19', 'options of the whole server', [head('OPTIONS * HTTP/1.1'), head('OPTIONS http://a/open HTTP/1.1')], 204],
  ['H20', 'a method that nobody knows', ['get', 'Get', 'PROPFIND', 'X', 'TRACE', 'CONNECT'].map((method) => head(`${method} /open HTTP/1.1`)), 501],
  ['H20', 'a tunnel', head('CONNECT a:80 HTTP/1.1'), 501],
  ['H20', 'a method that is no token', head('G@T<>/ /open HTTP/1.1'), 400],
  ['H20', 'a method that is not for a stream', ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((method) => head(`${method} /open HTTP/1.1`)), 405],
  ['H21', 'a path that would be another one', ['/a/../open', '//open', '/open/', '/open/.', '/./open', '/OPEN', '/open;a=b', '/%2e%2e/open', '/open%20', '/open%3ba', '/open#a', '/open%23a']
    .map((path) => target(path)), 404],
  ['H21', 'an escaped slash', ['/%2fopen', '/open%2F', '/a%2f..%2fopen', '/%5copen', '/a%5Copen'].map((path) => target(path)), 400],
  ['H22', 'a percent that escapes nothing', ['/%zz', '/open%', '/open%4', '/open?a=%4', '/open?a=%zz', '/open?%=a', '/open%u0041'].map((path) => target(path)), 400],
  ['H22', 'a raw byte that must be escaped', ['/open\x7f', '/open\x01', '/open?a=\xff', '/\xc3\xa9'].map((path) => target(path)), 400],
  ['H23', 'more than one token or ticket', [`token=${good}&token=${good}`, `token=${good}&a=b&token=`, `token=${good}&ticket=x`, 'ticket=x&ticket=y', `token=${good}&%74oken=${good}`]
    .map((query) => target(`/own?${query}`)), 400],
  ['H23', 'a token of another name, or empty', [`Token=${good}`, `TOKEN=${good}`, 'token', 'token=', `a=token=${good}`].map((query) => target(`/own?${query}`)), 401],
  ['H24', 'a plus in a token', target(`/own?token=${good.replace('.', '+.')}`), 401],
  ['H25', 'a good cookie beside a bad header and a bad parameter', target(`/own?token=${bad}`, `Cookie: jwt=${good}`, `Authorization: Bearer ${bad}`), 200],
  ['H25', 'a bad cookie beside a good header and a good parameter', target(`/own?token=${good}`, `Cookie: jwt=${bad}`, `Authorization: Bearer ${good}`), 401],
  ['H26', 'two Authorization headers', [own(`Authorization: Bearer ${good}`, `Authorization: Bearer ${good}`), own('Authorization: Basic YTpi', `authorization: Bearer ${good}`)], 400],
  ['H26', 'the scheme in lower case', own(`Authorization: bearer ${good}`), 200],
  ['H26', 'two blanks, no token, another scheme, 20 KB', [`Bearer  ${good}`, 'Bearer', 'Bearer ', 'Basic YTpi', `Bearer ${'x'.repeat(20_000)}`]
    .map((value) => own(`Authorization: ${value}`)), 401],
  ['H26', 'another scheme beside a parameter: as if absent', target(`/own?token=${good}`, 'Authorization: Basic YTpi'), 200],
  ['H27', 'a cookie in the second Cookie header', own('Cookie: a=b', `Cookie: jwt=${good}`), 200],
  ['H27', 'two cookies of the name, the good one first', [own(`Cookie: jwt=${good}; jwt=${bad}`), own(`Cookie: jwt=${good}`, `Cookie: jwt=${bad}`)], 200],
  ['H27', 'two cookies of the name, the bad one first', [own(`Cookie: jwt=${bad}; jwt=${good}`), own(`Cookie: jwt=${bad}`, `Cookie: jwt=${good}`)], 401],
  ['H27', 'quotes, an empty name, blanks around a sign, no blank after a semicolon', [`jwt="${good}"`, `=a; jwt=${good}`, `f = g; jwt=${good}`, `a=b;jwt=${good}`, `a;jwt=${good};`]
    .map((cookie) => own(`Cookie: ${cookie}`)), 200],
  ['H27', 'a semicolon in quotes, a comma, another case, a blank in the name', [`jwt="${good};"`, `a=b,jwt=${good}`, `JWT=${good}`, `jwt =${good}`, `xjwt=${good}`]
    .map((cookie) => own(`Cookie: ${cookie}`)), 401],
  ['H28', 'an expectation that nobody knows', [open('Expect: 200-ok'), open('Expect:')], 417],
  ['H28', 'an expectation of 100-continue without a body', open('Expect: 100-continue'), 200],
  ['H29', 'an upgrade that is not offered', [open('Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    open('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==')], 200],
  ['H30', 'chunks of no size', ['g', '0x5', '-5', `${'f'.repeat(17)}`, '5;a\nb'].map((size) => post(`${size}\r\nhello\r\n0\r\n\r\n`, json, 'Transfer-Encoding: chunked')), 411],
  ['H31', 'chunks that end with LF, have extensions or a trailer with Authorization', ['2\n{}\n0\n\n', '2;a=b\r\n{}\r\n0\r\n\r\n', `2\r\n{}\r\n0\r\nAuthorization: Bearer ${good}\r\n\r\n`]
    .map((body) => post(body, json, 'Transfer-Encoding: chunked')), 411],
  ['H32', 'a body where none is taken', [`${open('Content-Length: 5')}hello`, `${head('POST /own HTTP/1.1', 'Content-Length: 2', json)}{}`, `${open('Content-Length: 00')}`], 400],
  ['H32', 'a body of 64 KB and a byte, and of 1 MB', [post('', json, 'Content-Length: 65537'), post('x'.repeat(1 << 20), json, `Content-Length: ${1 << 20}`)], 413],
  ['H32', 'a body that is not JSON by its type', ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'application/jsonx', 'application/json;charset=', '']
    .map((type) => post('{}', `Content-Type: ${type}`, 'Content-Length: 2')), 415],
  ['H32', 'a body without a type, and one that is packed', [post('{}', 'Content-Length: 2'), post('{}', json, 'Content-Encoding: gzip', 'Content-Length: 2')], 415],
  ['H32', 'two types of a body', post('{}', json, 'Content-Type: text/plain', 'Content-Length: 2'), 400],
  ['H32', 'a good body of up to 64 KB', [post('{}', json, 'Content-Length: 2'), post(' '.repeat(65536), json, 'Content-Length: 65536'), post('', 'Content-Length: 0'), post(''),
    ...['Application/JSON;charset=UTF-8', 'application/json; charset="utf-8"'].map((type) => post('{}', `Content-Type: ${type}`, 'Content-Length: 2'))], 401],
  ['H33', 'a target of 16 KB', target(`/${'a'.repeat(16_000)}`), 404],
  ['H33', 'a target of 40 KB', target(`/${'a'.repeat(40_000)}`), 414],
  ['H33', 'a header of 20 KB, and 100 of them', [open(`X: ${'x'.repeat(20_000)}`), open(...fields(99)), open(...fields(99, 50))], 200],
  ['H33', '101 headers', open(...fields(100)), 431],
  ['H33', '2000 headers, and one of 40 KB', [open(...fields(2000)), open(`X: ${'x'.repeat(40_000)}`)], 431],
  // If its memory is full, libmicrohttpd moves what came after a head. 1.0.1 moved it from no place
  // at all if a parameter without a value was last.
  ['H33', 'a head that leaves little room, from 14 to 16 KB', sizes.map((size) => open(`X: ${'x'.repeat(size)}`)), 200],
  ['H33', 'the same with a body', sizes.map((size) => post('{}', json, 'Content-Length: 2', `X: ${'x'.repeat(size)}`)), 401],
  ['H33', 'a target that leaves little room, without a header', sizes.flatMap((size) => ['', '?x', '?x=y', '?x=y&z', '?x='].map((query) => bare('GET', `/${'a'.repeat(size)}${query}`))), 404],
  ['H33', 'the same in HTTP/1.1: no Host', sizes.map((size) => bare('GET', `/${'a'.repeat(size)}?x`).replace('1.0', '1.1')), 400],
  ['H33', 'many cookies, and large ones', [...[400, 408, 459, 500].map((count) => Array.from({ length: count }, (_, n) => `k${n}=${n}`).join('; ')), Array.from({ length: 500 }, (_, n) => `k${n}=${'v'.repeat(55)}`).join('; '),
    ...[...'= "'].map((byte) => byte.repeat(16_000)), ...sizes.map((size) => 'x'.repeat(size)), `a=${'"'.repeat(30_000)}`, 'a,'.repeat(499), ' ; '.repeat(499)].map((cookies) => open(`Cookie: ${cookies}`)), 200],
  ['H33', 'more cookies than 500', [...[501, 1400, 2400].map((count) => Array.from({ length: count }, (_, n) => `k${n}=${n}`).join('; ')), 'a=b;'.repeat(4000), ...[...',;'].map((byte) => byte.repeat(16_000))]
    .map((cookies) => open(`Cookie: ${cookies}`)), 431],
  ['H33', 'a hundred fields of cookies', open(...Array.from({ length: 99 }, (_, n) => `Cookie: ${`k${n}=${'v'.repeat(60)}; `.repeat(4)}`)), 200],
  ['H33', 'a good cookie after 499 others', own(`Cookie: ${Array.from({ length: 499 }, (_, n) => `k${n}=${n}`).join('; ')}; jwt=${good}`), 200],
  ['H33', 'cookies of 33 KB', open(`Cookie: a=${'v'.repeat(33_000)}`), 431],
  ['H33', 'parameters without end', [...[65, 459, 500, 3000].map((count) => Array.from({ length: count }, (_, n) => `a${n}=1`).join('&')), 'a&'.repeat(10_000)].map((query) => target(`/open?${query}`)), 400],
  ['H33', 'parameters without a name', ['&'.repeat(30_000), '=&'.repeat(15_000)].map((query) => target(`/open?${query}`)), 200],
  ['H33', 'a hundred fields that fill 32 KB', open(...fields(99, 320)), 200],
  ['H33', 'a path of 15,000 segments, and of nothing but escapes', [target('/a'.repeat(15_000)), target(`/${'%61'.repeat(10_000)}`)], 404],
  ['H33', 'a method that leaves little room', sizes.map((size) => bare('M'.repeat(size), '/open?x')), 501],
  ['H34', '1000 requests at once: one a connection', 'GET /stream/status HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000), 200],
  ['H35', 'an Accept that does not name event-stream', [open('Accept: text/html'), open('Accept: image/png;q=0')], 200],
  ['H36', 'NULs only', Buffer.alloc(1 << 20), 400],
  ['H36', '1 MB of noise', Buffer.concat([Buffer.from('GET /open'), noise(1 << 20)]), 400],
]
