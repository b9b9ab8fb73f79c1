// A proxy that holds streams back, as some proxies do. The head of an event stream passes, its body
// only after its end. Pages of JSON pass. If the server behind the proxy answers a page with a
// stream, the proxy makes the page of that.
import http from 'node:http'
import { freePort } from './process.mjs'
import { Parser } from './parser.mjs'

export class BufferingProxy {
  /**
   * target: the port behind the proxy. The proxy counts: `held` streams were held back, `pages`
   * pages were asked for. With `passes` true, streams pass.
   */
  static async open(target) {
    const proxy = new BufferingProxy()
    Object.assign(proxy, { target, held: 0, pages: 0, passes: false, port: await freePort() })
    proxy.server = http.createServer((request, response) => proxy.#serve(request, response))
    await new Promise((resolve) => proxy.server.listen(proxy.port, '127.0.0.1', resolve))
    return proxy
  }

  url(path) {
    return `http://127.0.0.1:${this.port}${path}`
  }

  #serve(request, response) {
    const { method, url, headers } = request
    const paged = headers.accept === 'application/json'
    if (paged) this.pages++
    const asked = new URL(url, 'http://x')
    const after = asked.searchParams.get('after')
    const more = paged && after ? { 'last-event-id': after } : {}
    const behind = http.request({ port: this.target, host: '127.0.0.1', method, path: url, headers: { ...headers, ...more }, agent: false }, (answer) => {
      const streams = answer.headers['content-type'] === 'text/event-stream'
      if (streams && paged) return makePage(answer, response, { after, wait: Number(asked.searchParams.get('wait') ?? 0) })
      response.writeHead(answer.statusCode, answer.headers)
      if (!streams || this.passes) return answer.pipe(response)
      this.held++
      response.flushHeaders()
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk)).on('end', () => response.end(Buffer.concat(chunks))).on('error', () => response.destroy())
    })
    behind.on('error', () => response.destroy())
    response.on('close', () => behind.destroy())
    request.pipe(behind)
  }

  close() {
    return new Promise((resolve) => (this.server.close(resolve), this.server.closeAllConnections()))
  }
}

// The page has what comes within 20 ms of an event, or nothing at the end of the wait.
function makePage(answer, response, { after, wait }) {
  const page = { events: [], cursor: after ?? '', reset: null }
  let timer
  const finish = () => {
    clearTimeout(timer)
    answer.destroy()
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(page))
  }
  const onFrame = ({ id, event, data }) => {
    if (id) page.cursor = id
    if (event === 'reset') page.reset = JSON.parse(data).reason
    else if (event !== 'connected') page.events.push({ ...(id && { id }), event, data: JSON.parse(data) })
    if (event !== 'connected' || wait === 0) clearTimeout(timer), (timer = setTimeout(finish, 20))
  }
  const parser = new Parser({ onFrame })
  timer = setTimeout(finish, wait * 1000 || 10_000)
  answer.on('data', (chunk) => parser.push(chunk)).on('error', () => {})
}
