// SPDX-License-Identifier: PostgreSQL
/**
 * follow.js: what a page does with its stream, by @pgherald/client. The page loads its state when
 * the stream is open. Events change it one after the other, so none overtakes a load.
 */
import { connect } from '/client/index.js'
import { byId, complain } from '/shell.js'
import { words } from '/words.js'

const longestPause = 30_000 // ms between two loads that fail

/**
 * Follows the stream `path` with the session's token, and returns { reconnect(), close() }. texts:
 * what the dot says when the stream is open or refused.
 *   onLoad()           loads the state: at the beginning, and after `reset` and `bulk`
 *   onEvent(name, data)
 *   onState(state)     connecting, open, lost, waiting (for a connection), refused
 *   read(data)         makes an event's data of what came, or promises it
 *   share              false: this tab has a connection of its own
 *   firstPause         ms from the loss of the stream to the next try; by default the client's own
 */
export function follow(session, texts, {
  path, share = true, token = session.token, firstPause = 0, read = (data) => data,
  onLoad = () => {}, onEvent = () => {}, onState = () => {},
}) {
  const steps = queue(onLoad)
  const wait = waiting(firstPause)
  const dot = dotOf(texts, onState)
  let begun = false
  function opened() {
    complain()
    if (!begun) steps.load()
    begun = true
  }
  const stream = connect({
    url: session.api + path, ticket: `${session.side}/stream/ticket`, renew: `${session.side}/stream/renew`, share,
    token: async ({ renew }) => (await wait.over(), token(renew)),
    onEvent({ event, data }) {
      if (event === 'bulk') steps.load()
      steps.add(async () => onEvent(event, await read(data)))
    },
    onReset: steps.load,
    onState(state) {
      if (state === 'open') opened()
      else if (dot.isOpen) wait.begin()
      dot.state(state)
    },
    onError(error) {
      if (!error.final) wait.begin()
      dot.error(error)
    },
  })
  byId('reconnect').onclick = () => {
    complain()
    wait.end()
    dot.again()
    stream.reconnect()
  }
  return { reconnect: byId('reconnect').onclick, close: () => stream.close() }
}

/**
 * Steps that run one after the other. A load that fails is tried again, and all else waits for it.
 * After a step that has failed the page lacks a change, so it loads.
 */
function queue(onLoad) {
  let turn = Promise.resolve()
  async function load(failed) {
    for (let pause = 1000; ; pause = Math.min(pause * 2, longestPause)) {
      try {
        await onLoad()
        return failed && complain()
      } catch (error) {
        complain((failed = error))
      }
      await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)))
    }
  }
  async function change(step) {
    try {
      await step()
    } catch (error) {
      complain(error)
      if (!error.unreadable) await load(error)
    }
  }
  return {
    load: () => (turn = turn.then(() => load())),
    add: (step) => (turn = turn.then(() => change(step))),
  }
}

/** A time that the next try waits for: `ms` from begin() on. end() ends it early. */
function waiting(ms) {
  let until = 0, wake = () => {}
  return {
    begin: () => (until = performance.now() + ms),
    end: () => ((until = 0), wake()),
    over: () => new Promise((resolve) => {
      const left = until - performance.now()
      if (left <= 0) return resolve()
      const timer = setTimeout(resolve, left)
      wake = () => (clearTimeout(timer), resolve())
    }),
  }
}

/** Is this why a stream does not open: that a browser has no connection left? */
export const isCrowded = ({ message }) => message.includes('six streams open')
const isSilent = ({ message }) => message === 'The server does not answer'

/**
 * The dot of the connection, and the sentence under it. The client says `connecting` while it
 * tries. A user wants to know whether there was a stream before, or why there is none.
 */
function dotOf(texts, onState) {
  let shown = ''
  function show(state, error) {
    if (error?.name === 'StreamError') error.foreign = true
    if (state === 'waiting' || state === 'refused') complain(error)
    if (state === shown) return
    shown = byId('state').className = state
    byId('state').textContent = texts[state] ?? words[state]
    byId('state').title = error?.message ?? ''
    byId('reconnect').hidden = state === 'open' || state === 'connecting'
    onState(state)
  }
  show('connecting')
  return {
    get isOpen() { return shown === 'open' },
    again: () => show('connecting'),
    state(state) {
      if (state === 'open') show('open')
      else if (state !== 'closed' && shown === 'open') show('lost')
    },
    error(error) {
      if (error.final) show('refused', error)
      else if (isCrowded(error)) show('waiting', words.crowded)
      else if (shown !== 'waiting' || !isSilent(error)) show('lost', error)
    },
  }
}
