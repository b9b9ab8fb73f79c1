// Faults of the network between the daemon and PostgreSQL, and between the daemon and its clients.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { Proxy } from '../lib/proxy.mjs'
import { Random } from '../lib/random.mjs'
import { token } from '../lib/token.mjs'
import { now, until } from '../lib/wait.mjs'
import { forMs, next, onBed, silence, watchStatus, within } from './bed.mjs'

/** Connections to PostgreSQL fall silent under load, and speak again when the daemon has noticed. */
const halfOpen = (way) => () => onBed({ through: {} }, async (bed) => {
  const stream = await bed.listen()
  await bed.write()
  await next(stream)
  bed.proxy.silence({ way })
  const begun = now()
  const status = watchStatus(bed.daemon)
  await next(stream, now() + 1000)
  const took = silence(stream, begun)
  bed.proxy.speak()
  await next(stream, now() + 1000)
  return within([['noticed', took, 15_000], ['status', await status.end(), 500]], await bed.judge())
})

const slowly = (through, slow) => () => onBed({ through }, async (bed) => {
  const stream = await bed.listen()
  await bed.write(['a'], [40, 80])
  await next(stream)
  slow(bed.proxy)
  const status = watchStatus(bed.daemon)
  await forMs(10_000)
  const slowest = await status.end()
  bed.proxy.trickle(0)
  return within([['status', slowest, 100]], await bed.judge())
})

/** A client that takes so many bytes a second, by a proxy. */
const trickled = (headers) => async (bed) => {
  const proxy = await Proxy.open(bed.daemon.port)
  const socket = connect(proxy.port, '127.0.0.1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.write(`GET /hot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await token({ sub: 'ann' })}\r\n${headers}\r\n`)
  socket.resume()
  proxy.trickle(1)
  return { proxy, closed }
}

export const rows = [
  { name: 'F08', fault: 'half-open both ways', wanted: '15 s, no double', run: halfOpen('both') },
  { name: 'F09 back', fault: 'half-open, from the server', wanted: '15 s, no double', run: halfOpen('back') },
  { name: 'F09 forth', fault: 'half-open, to the server', wanted: '15 s, no double', run: halfOpen('forth') },
  { name: 'F10 trickle', fault: 'the server comes through at 2 kB/s', wanted: 'status 0.1 s, no double', spoiled: true, run: slowly({}, (proxy) => proxy.trickle(2000)) },
  { name: 'F10 delay', fault: 'all takes 200 ms', wanted: 'status 0.1 s, no double', spoiled: true, run: slowly({ delay: 100 }, () => {}) },

  { name: 'reset', fault: "reset in a tick's rows, 33 times", wanted: '0/0/0/0/0', run: () => onBed({ through: {} }, async (bed) => {
    const stream = await bed.listen()
    const random = new Random(33)
    await bed.write()
    await next(stream)
    for (let n = 0; n < 33; n++) {
      bed.proxy.resetAfter(random.integer(1, 3000))
      await until(() => !(bed.proxy.resetsAfter > 0), { what: 'a reset' })
    }
    await next(stream)
    assert.equal(stream.connections.length, 1)
    return { held: true, figure: await bed.judge() }
  }) },

  { name: 'F71', fault: 'a client that takes a byte a second', wanted: 'cut within 60 s', run: () => onBed({}, async (bed) => {
    const other = await bed.listen()
    await bed.write(['a', 'b', 'c', 'd'], [1, 4])
    const slow = await trickled('')(bed)
    const begun = now()
    const left = () => bed.daemon.logs().match(/slow/)
    await until(left, { timeout: 90_000, every: 100, what: 'its end' })
    const took = now() - begun
    await slow.proxy.close()
    await bed.rest()
    return within([['cut after', took, 60_000]], `${other.events.length} events to another`, await bed.judge([other]))
  }) },

  { name: 'F75', quick: true, fault: 'reset in the middle of an event, 12 times', wanted: '0 lost, 0 double', run: () => onBed({}, async (bed) => {
    const proxy = await Proxy.open(bed.daemon.port)
    const stream = await bed.listen('torn', { subscribe: (path, options) => bed.daemon.subscribe(path, options) }, { reconnect: () => 20 })
    stream.url = `http://127.0.0.1:${proxy.port}/hot`
    stream.drop()
    await bed.write()
    const random = new Random(75)
    for (let n = 0; n < 12; n++) {
      await next(stream)
      proxy.resetAfter(random.integer(600, 3000))
      await until(() => !(proxy.resetsAfter > 0), { what: 'a reset' })
    }
    await next(stream)
    const judged = await bed.judge()
    const torn = stream.connections.filter(({ partial }) => partial).length
    await proxy.close()
    assert.ok(stream.connections.length > 12, `${stream.connections.length} connections`)
    return { held: true, figure: `${torn} events torn, ${judged}` }
  }) },
]
