// SPDX-License-Identifier: PostgreSQL
/**
 * live.js: keeps one stream of pgherald open for a page. It uses the browser's own EventSource, and
 * a ticket for each opening. A stream that is lost comes back by itself. It goes on where it was
 * (last_event_id), so nothing is missed and nothing comes twice.
 */

const longestPause = 30_000 // ms
const control = ['connected', 'reset', 'snapshot', 'ready', 'left', 'bulk', 'expiring', 'closing']
const final = ['forbidden', 'revoked'] // reasons of `closing` after which coming back is in vain

/**
 * The ms before the next try. They begin with `first` and double with each try, up to 30 s. A
 * quarter more or less is random, so that not all clients come at once.
 */
export const pauseBefore = (attempt, first = 1000, random = Math.random()) =>
  Math.min(first * 2 ** attempt, longestPause) * (0.75 + random / 2)

class Refused extends Error {}

/**
 * Opens the stream `path` of the daemon `api`, and returns { reconnect(), close() }.
 *   token(anew)      promises the token; anew: the last one is not good any more
 *   events           the names of the stream's events; streams of the format `message` need none
 *   read(text)       makes an event's data of its text, or promises it; by default JSON.parse
 *   onLoad()         loads the state: at the beginning, and after `reset` and `bulk`
 *   onEvent(name, data)
 *   onState(state, reason)   the state is one of these:
 *                    connecting, open
 *                    lost: it tries again by itself
 *                    refused: it tries again only by reconnect()
 *   onError(error)   data could not be read, or a handler has failed; after a failed handler the
 *                    stream opens again, and the state is loaded again
 *   firstPause       ms before the first of the tries
 * onLoad and onEvent are called one after the other, each after the one before has settled. So an
 * event never overtakes a load.
 */
export function connect({
  api, path, token, events = [], read = JSON.parse, firstPause = 1000,
  onLoad = () => {}, onEvent = () => {}, onState = () => {}, onError = console.error,
}) {
  let source, timer
  let openings = 0 // what belongs to an earlier opening is ignored
  let attempts = 0
  let cursor = '' // the id of the last event that has arrived
  let loaded = false
  let reason = '' // of the last `closing`
  let turn = Promise.resolve()

  function end() {
    clearTimeout(timer)
    source?.close()
    openings++
  }

  function lose(error) {
    end()
    if (error instanceof Refused) return onState('refused', error.message)
    onState('lost', error?.message ?? '')
    timer = setTimeout(open, pauseBefore(attempts++, firstPause))
  }

  async function open() {
    end()
    const mine = openings
    onState('connecting')
    try {
      const address = await addressOf(await ticket())
      if (mine === openings) listen(new EventSource(address), mine)
    } catch (error) {
      if (mine === openings) lose(error)
    }
  }

  async function ticket() {
    let answer = await post(await token(reason === 'expired'))
    if (answer.status === 401) answer = await post(await token(true))
    if (answer.status === 401 || answer.status === 403) throw new Refused(await errorIn(answer))
    if (!answer.ok) throw new Error(await errorIn(answer))
    return (await answer.json()).ticket
  }

  const post = (token) => fetch(`${api}/stream/ticket`, { method: 'POST', headers: { Authorization: `Bearer ${token}` } })

  function addressOf(ticket) {
    const address = new URL(api + path)
    address.searchParams.set('ticket', ticket)
    if (cursor) address.searchParams.set('last_event_id', cursor)
    return address
  }

  function listen(it, mine) {
    source = it
    const fresh = !(cursor && loaded) // otherwise it goes on where it was
    let open = false
    // EventSource would try again with a ticket that is spent.
    it.onerror = async () => {
      it.close()
      const why = open ? leaving() : await refusal()
      if (mine === openings) lose(why)
    }
    const heard = (event) => {
      cursor = event.lastEventId
      reason = closingReason(event)
      if (!open) {
        open = true
        onState('open')
      }
      enqueue(mine, async () => {
        const data = await read(event.data)
        const name = event.type === 'message' ? data.type : event.type
        await handle(name, data, fresh)
      })
    }
    for (const name of [...control, ...events, 'message']) it.addEventListener(name, heard)
  }

  /**
   * If a handler fails, the page lacks a change. Its state is loaded again with the next opening.
   */
  async function handle(name, data, fresh) {
    const load = name === 'reset' || name === 'bulk' || (name === 'connected' && fresh)
    const known = loaded
    loaded = false
    if (load) await onLoad()
    await onEvent(name, data)
    loaded = load || known
    if (name === 'connected') attempts = 0
  }

  function enqueue(mine, act) {
    turn = turn.then(act).catch((error) => {
      onError(error)
      if (!loaded && mine === openings) lose(error)
    })
  }

  const leaving = () => (final.includes(reason) ? new Refused(reason) : new Error(reason))

  /** Why the stream was not opened. EventSource does not say, but a request with the token does. */
  async function refusal() {
    const stop = new AbortController()
    try {
      const answer = await fetch(api + path, { headers: { Authorization: `Bearer ${await token(false)}` }, signal: stop.signal })
      if (answer.ok) return new Error('')
      const text = await errorIn(answer)
      return [401, 403, 404].includes(answer.status) ? new Refused(text) : new Error(text)
    } catch (error) {
      return error
    } finally {
      stop.abort()
    }
  }

  open()
  return { reconnect: () => ((attempts = 0), open()), close: end }
}

/** Why the server ends the stream, if this event says so. Otherwise ''. */
function closingReason({ type, data }) {
  const said = (type === 'closing' || type === 'message') && data.startsWith('{') ? JSON.parse(data) : {}
  return type === 'closing' || said.type === 'closing' ? said.reason : ''
}

async function errorIn(answer) {
  const body = await answer.json().catch(() => ({}))
  return body.errors?.[0] ?? `HTTP ${answer.status}`
}
