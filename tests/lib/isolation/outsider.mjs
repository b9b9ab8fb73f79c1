// An outsider is a subscriber that nothing is for, on a bare socket. After its hello only pings may
// come, whatever happens to others. Nor may the pieces be more, larger or cut elsewhere.
import { connect } from 'node:net'
import { now, until } from '../wait.mjs'

const pingPiece = /[0-9a-f]+\r\n: ping\n\r\n/g

export class Outsider {
  /**
   * path: with its query. token: for the Authorization header, or none. heartbeat: the daemon's, in
   * ms.
   */
  static async open(daemon, path, { token, heartbeat }) {
    const outsider = new Outsider()
    Object.assign(outsider, { name: `an outsider at ${path}`, heartbeat, text: '', openedAt: now() })
    outsider.socket = connect(daemon.port, '127.0.0.1')
    outsider.socket.setEncoding('latin1').on('data', (piece) => (outsider.text += piece)).on('error', () => {})
    outsider.socket.on('close', () => (outsider.ended = true))
    const authorization = token ? `Authorization: Bearer ${token}\r\n` : ''
    outsider.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`)
    await until(() => /\r\n\r\n[^]*SSE connected[^]*\n\n\r\n/.test(outsider.text), { what: outsider.name })
    return outsider
  }

  /** What the outsider should not have got, as sentences. */
  faults() {
    const [head, ...rest] = this.text.split('\r\n\r\n')
    const body = rest.join('\r\n\r\n').replace(/^[0-9a-f]+\r\nretry: [^]*?\n\n\r\n/, '')
    const pings = body.match(pingPiece) ?? []
    const beats = (now() - this.openedAt) / this.heartbeat
    return [
      !/^HTTP\/1.1 200 /.test(head) && `answered with ${head.slice(0, 30)}`,
      this.ended && 'the stream has ended',
      body.replace(pingPiece, '') !== '' && `got ${JSON.stringify(body.replace(pingPiece, '').slice(0, 300))}`,
      new Set(pings).size > 1 && 'pings of different sizes',
      pings.length > beats + 1 && `${pings.length} pings in ${beats} heartbeats`,
    ].filter(Boolean).map((fault) => `${this.name}: ${fault}`)
  }

  close() {
    this.socket.destroy()
  }
}
