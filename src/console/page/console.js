// console.js: asks for the daemon's numbers every two seconds while the page is seen, and shows them.
// All text of the answers becomes text nodes, so nothing of them is taken for HTML.
const every = 2000
const kept = 60 // samples of a line
const by = (id) => document.getElementById(id)

/** An element with this text, these classes and attributes. */
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag)
  if (text !== undefined) element.textContent = text
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

/** The answer, which is JSON or text. An error's sentence becomes the message. */
async function ask(path, body) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
  const response = await fetch(path, { ...init, cache: 'no-store' })
  const text = await response.text()
  const isJson = response.headers.get('Content-Type')?.startsWith('application/json')
  const answer = isJson ? JSON.parse(text) : text
  if (!response.ok) throw new Error(answer.errors?.[0] ?? `the answer is ${response.status}`)
  return answer
}

// --- numbers ---

/** Samples of Prometheus' text format: a number for each name with its labels. */
function readMetrics(text) {
  const samples = new Map()
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf(' ')
    if (at > 0 && line[0] !== '#') samples.set(line.slice(0, at), Number(line.slice(at + 1)))
  }
  return samples
}

const units = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']]
function short(number) {
  const [size, unit] = units.find(([least]) => Math.abs(number) >= least) ?? [1, '']
  const value = number / size
  return `${Math.abs(value) >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)}${unit}`
}
const seconds = (s) => (s < 1 ? `${Math.round(s * 1000)} ms` : s < 120 ? `${s.toFixed(1)} s` : age(s))
function age(s) {
  if (s < 120) return `${Math.round(s)} s`
  if (s < 7200) return `${Math.round(s / 60)} min`
  return s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`
}
const percent = (share) => `${(share * 100).toFixed(1)} %`

// name, sample, is it a counter that is shown as a rate, how it is written
const cards = [
  ['Connections', 'pgherald_streams', false, short],
  ['Events read /s', 'pgherald_events_total', true, short],
  ['Bytes sent /s', 'pgherald_sent_bytes_total', true, short],
  ['Lag', 'pgherald_lag_seconds', false, seconds],
  ['Ticks /s', 'pgherald_ticks_total', true, short],
  ['Busy', 'pgherald_loop_busy_ratio', false, percent],
  ['Users', 'pgherald_users', false, short],
  ['Opened /s', 'pgherald_streams_opened_total', true, short],
  ['Memory', 'process_resident_memory_bytes', false, (n) => `${short(n)}B`],
  ['Notify queue', 'pgherald_notify_queue_ratio', false, percent],
]

const svg = 'http://www.w3.org/2000/svg'
function makeCard([name]) {
  const item = make('li')
  const line = document.createElementNS(svg, 'svg')
  line.setAttribute('viewBox', `0 0 ${kept - 1} 20`)
  line.setAttribute('preserveAspectRatio', 'none')
  line.setAttribute('aria-hidden', 'true')
  line.append(document.createElementNS(svg, 'polyline'))
  item.append(make('div', name, { class: 'name' }), make('div', '–', { class: 'value' }), line)
  return { item, values: [], line: line.firstChild }
}
const shownCards = cards.map(makeCard)
by('cards').append(...shownCards.map((card) => card.item))

function draw({ values, line }) {
  const most = Math.max(...values, 1e-9)
  const first = kept - values.length
  line.setAttribute('points', values.map((value, n) => `${first + n},${(19 - (18 * value) / most).toFixed(2)}`).join(' '))
}

function showCards(now, before, elapsed) {
  cards.forEach(([, sample, isRate, write], n) => {
    const card = shownCards[n]
    const value = now.get(sample) ?? 0
    if (isRate && !before) return
    card.values.push(isRate ? Math.max(0, value - (before.get(sample) ?? 0)) / elapsed : value)
    card.values.splice(0, card.values.length - kept)
    card.item.children[1].textContent = write(card.values.at(-1))
    draw(card)
  })
}

function showEndings(now) {
  const prefix = 'pgherald_streams_closed_total{reason="'
  const ends = [...now].filter(([name, count]) => name.startsWith(prefix) && count > 0).sort((a, b) => b[1] - a[1])
  by('endings').replaceChildren(...ends.map(([name, count]) => make('li', `${name.slice(prefix.length, -2)} ${short(count)}`)))
  by('endings-empty').hidden = ends.length > 0
}

function showHealth({ now, unready }) {
  by('word').textContent = now.status
  by('word').dataset.word = now.status === 'ok' && !unready ? 'ok' : now.status === 'degraded' || unready ? 'bad' : 'wait'
  by('why').textContent = unready ? `not ready: ${unready}` : `head ${now.head}, up ${age(now.uptime_s)}`
  by('version').textContent = now.version
}

// --- streams and connections ---

const cell = (text, number) => make('td', text, number ? { class: 'number' } : {})
const requirements = (require) => [require].flat().map((all) => Object.entries(all).map(([claim, values]) => `${claim}: ${[values].flat().join(', ')}`).join(' and ')).filter(Boolean).join(' or ')
/** As `pgherald streams` says it. */
function whoSees({ anonymous, match, require, authorize }) {
  const parts = [Object.entries(match).map(([key, source]) => `${key} is ${source}`).join(' and '), requirements(require), authorize && `asks ${authorize}`].filter(Boolean)
  if (anonymous) parts.unshift('everyone')
  return parts.join('; ') || 'every user'
}

let streamsBefore = new Map()
function showStreams({ streams }, elapsed) {
  streams.sort((a, b) => a.path.localeCompare(b.path))
  const rate = (stream, member) => {
    const before = streamsBefore.get(stream.path)?.[member]
    return before === undefined || !elapsed ? '–' : short(Math.max(0, stream[member] - before) / elapsed)
  }
  by('streams-rows').replaceChildren(...streams.map((stream) => {
    const row = make('tr')
    row.append(cell(stream.path), cell(stream.topics.join(', ')), cell(whoSees(stream)), cell(short(stream.connections), true),
      cell(rate(stream, 'events'), true), cell(rate(stream, 'bytes'), true))
    return row
  }))
  by('streams-empty').hidden = streams.length > 0
  streamsBefore = new Map(streams.map((stream) => [stream.path, stream]))
  suggest('paths', streams.map((stream) => stream.path))
  suggest('topics', streams.flatMap((stream) => stream.topics))
}

function suggest(id, values) {
  const wanted = [...new Set(values)].sort()
  const list = by(id)
  if ([...list.children].map((option) => option.value).join('\n') === wanted.join('\n')) return
  list.replaceChildren(...wanted.map((value) => make('option', undefined, { value })))
}

function showConnections({ open, connections }) {
  const wanted = by('filter').value.trim().toLowerCase()
  const shown = connections.filter(({ user, path }) => !wanted || `${user ?? ''}\n${path}`.toLowerCase().includes(wanted))
  by('connections-rows').replaceChildren(...shown.slice(0, 200).map((each) => {
    const row = make('tr')
    row.append(cell(each.number, true), cell(each.user ?? 'nobody'), cell(each.path), cell(each.phase), cell(each.at), cell(short(each.behind), true),
      cell(`${short(each.bytes)}B`, true), cell(age(each.age_s), true), cell(each.address))
    return row
  }))
  by('open').textContent = shown.length > 200 ? `${open}, of which 200 are shown` : open
  by('connections-empty').hidden = shown.length > 0
  by('connections-empty').textContent = wanted && open ? 'No connection fits.' : 'Nobody is connected.'
}

// --- the round ---

let before, beforeAt
async function round() {
  const [status, metrics, streams, connections] = await Promise.all(['api/status', 'metrics', 'api/streams', 'api/connections'].map((path) => ask(path)))
  const now = readMetrics(metrics)
  const at = performance.now()
  const elapsed = beforeAt === undefined ? 0 : (at - beforeAt) / 1000
  showHealth(status)
  showCards(now, before, elapsed)
  showEndings(now)
  showStreams(streams, elapsed)
  showConnections(connections)
  by('workers').textContent = status.workers > 1 ? `Streams and connections are those of the first of ${status.workers} workers.` : ''
  before = now
  beforeAt = at
}

async function rounds() {
  try {
    if (!document.hidden) await round()
  } catch (error) {
    by('word').textContent = 'no answer'
    by('word').dataset.word = 'bad'
    by('why').textContent = error.message
  }
  setTimeout(rounds, every)
}

// --- live events ---

let looking, timer
function showEvent({ id, came_ms: came, event, everyone, keys, audience, bytes, data }) {
  const item = make('li')
  const to = everyone ? 'everyone' : `${audience.join(' ')}${keys > audience.length ? ` and ${keys - audience.length} more` : ''}` || 'nobody'
  item.append(make('time', new Date(came).toISOString().slice(11, 23)), ` ${id} `, make('b', event), ` to ${to}, ${short(bytes)}B `,
    make('code', data === null ? 'too long to show' : JSON.stringify(data)))
  return item
}

async function look() {
  const query = new URLSearchParams({ topic: looking.topic, after: looking.last, data: looking.shown ? 'shown' : 'masked' })
  const mine = looking
  try {
    const { last, events } = await ask(`api/events?${query}`)
    if (mine !== looking) return
    looking.last = last
    by('live-events').prepend(...events.reverse().map(showEvent))
    while (by('live-events').children.length > 200) by('live-events').lastChild.remove()
    by('live-state').textContent = `Looking at ${looking.topic}: ${last} event${last === 1 ? '' : 's'} so far.`
  } catch (error) {
    by('live-state').textContent = error.message
  }
  if (mine === looking) timer = setTimeout(look, 1000)
}

by('live-form').addEventListener('submit', (submitted) => {
  submitted.preventDefault()
  const form = new FormData(submitted.target)
  clearTimeout(timer)
  looking = { topic: form.get('topic').trim(), shown: form.has('shown'), last: 0 }
  by('live-events').replaceChildren()
  look()
})

// --- reports of commands ---

const outcomes = { ok: ['ok', '✓'], no: ['no', '✗'], '?': ['unknown', '?'], '-': ['note', '–'], '!': ['warning', '!'] }
function showReport(place, report) {
  const list = make('dl')
  for (const { check, about, outcome, says, do: advice } of report.checks) {
    const [name, sign] = outcomes[outcome]
    list.append(make('dt', about ? `${check} ${about}` : check, { 'data-outcome': name, 'data-sign': sign }),
      make('dd', advice ? `${says}. To do: ${advice}` : says))
  }
  place.replaceChildren(make('p', report.verdict + (report.reason ? `: ${report.reason}` : ''), { class: 'verdict' }), list)
}

function reports(name, read) {
  const place = by(`${name}-report`)
  by(`${name}-form`).addEventListener('submit', async (submitted) => {
    const button = submitted.target.querySelector('button')
    submitted.preventDefault()
    if (button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    place.replaceChildren(make('p', 'Asking …'))
    try {
      showReport(place, await ask(`api/${name}`, read(new FormData(submitted.target))))
    } catch (error) {
      place.replaceChildren(make('p', error.message, { class: 'verdict' }))
    }
    button.removeAttribute('aria-disabled')
  })
}

/** What a row is asked for by needs no stream and no claims, and the other way round. */
function asked(form) {
  const given = Object.fromEntries([...form].filter(([, value]) => value.trim() !== ''))
  return given.row ? { row: given.row } : given
}

reports('explain', asked)
reports('doctor', () => ({}))
rounds()
