// SPDX-License-Identifier: PostgreSQL
/**
 * workshop.js: what the four pages of the garage share (the document of the work orders, in Dutch).
 * This is the list of work orders, the running timers, and the news. Each update loads the list
 * again.
 */
import { follow } from '/follow.js'
import { icon } from '/icons.js'
import { button, byId, make, mark, toast } from '/shell.js'

const texts = { open: 'Live updates actief', refused: 'Geen toegang' }
const reconnectAfter = 5000
const statuses = { NIEUW: 'Nieuw', GOEDGEKEURD: 'Goedgekeurd', IN_UITVOERING: 'In uitvoering', WACHT_OP_ONDERDELEN: 'Wacht op onderdelen', GEREED: 'Gereed',
  BESTELD: 'besteld', ONTVANGEN: 'ontvangen', IN_WACHTRIJ: 'in de wachtrij', VERZONDEN: 'verzonden', MISLUKT: 'mislukt' }
const euro = new Intl.NumberFormat('nl-NL', { style: 'currency', currency: 'EUR' })

/**
 * Keeps the page's list up to date. show(workOrders) is called after each change, with all work
 * orders, the newest first.
 */
export function followWorkOrders(session, show) {
  let workOrders = []
  let loading, again

  // Updates that come while the list is being loaded cause one more load after it.
  function loadWorkOrders() {
    again = true
    loading ??= (async () => {
      while (again) {
        again = false
        show((workOrders = await session.call('GET', '/api/workorders')))
      }
    })().finally(() => (loading = undefined))
    return loading
  }

  async function onEvent(type, data) {
    if (type !== 'workorder-update') return
    console.log('📡 Live update ontvangen:', data.changeType)
    tell(data, workOrders)
    await loadWorkOrders()
    for (const id of idsIn(data)) document.querySelectorAll(`[data-id="${CSS.escape(id)}"]`).forEach(mark)
  }

  function onState(state) {
    if (state === 'open') console.log('✅ SSE verbonden - live updates actief')
    if (state === 'lost') console.log('SSE verbinding verbroken, herverbinden...')
  }

  setInterval(runTimers, 1000)
  return follow(session, texts, { path: '/api/workorders/stream', onLoad: loadWorkOrders, onEvent, onState, firstPause: reconnectAfter })
}

const idsIn = ({ workOrderId, workOrderIds = [workOrderId] }) => workOrderIds

// ---- news: what the list does not show, or not for long ----------------------------------------

const news = {
  part: ({ name, status, deleted }) => `Onderdeel ${deleted ? 'verwijderd' : `${name}: ${wordOf(status)}`}`,
  invoice: ({ amount, deleted }) => `Factuur ${deleted ? 'verwijderd' : euro.format(amount)}`,
  customer: ({ name }) => `Klant ${name} bijgewerkt`,
  vehicle: ({ plate, apkUntil, deleted }) => `${plate}: ${deleted ? 'verwijderd' : `RDW-gegevens ververst, APK tot ${apkUntil ?? 'onbekend'}`}`,
  email: ({ subject, status }) => `E-mail “${subject}”: ${wordOf(status)}`,
}

function tell(data, workOrders) {
  const text = news[data.changeType]?.(data)
  if (!text) return
  const plates = workOrders.filter(({ id }) => idsIn(data).includes(id)).map(({ plate }) => plate)
  const sign = () => icon(data.changeType)
  toast(text, sign())
  byId('news')?.prepend(make('li', {}, `${new Date().toLocaleTimeString('nl')} ${plates.join(', ')} `, sign(), text))
  if (byId('news-empty')) byId('news-empty').hidden = true
  while (byId('news')?.children.length > 20) byId('news').lastChild.remove()
}

// ---- pieces of the pages -----------------------------------------------------------------------

/** The word for a status. The table has codes, and may have some that this page does not know. */
export const wordOf = (status) => statuses[status] ?? status.toLowerCase().replaceAll('_', ' ')

export const badge = (status) => make('span', { className: 'badge', title: status, dataset: { status } }, wordOf(status))
export const partsOf = ({ parts }) => make('ul', {}, ...parts.map(({ name, status }) => make('li', {}, icon('part'), `${name}: ${wordOf(status)}`)))
export const invoicesOf = ({ invoices }) => make('ul', {}, ...invoices.map(({ amount }) => make('li', {}, icon('invoice'), euro.format(amount))))

/**
 * The sessions that run, each with its timer. stop(session) makes the handler of its Stop button.
 */
export function sessionsOf({ sessions }, stop) {
  const list = make('ul', {}, ...sessions.filter(({ stoppedAt }) => !stoppedAt).map((session) => make('li', {},
    icon('work'), `${session.mechanic} `, make('span', { className: 'timer', dataset: { since: session.startedAt } }), ' ',
    ...(stop ? [button('Stop', stop(session), { label: `Stop ${session.mechanic}` })] : []))))
  runTimers(list)
  return list
}

/** Shows mm:ss since the begin of each session. */
function runTimers(within) {
  for (const timer of (within ?? document).querySelectorAll('.timer')) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(timer.dataset.since)) / 1000))
    timer.textContent = [Math.floor(seconds / 60), seconds % 60].map((n) => String(n).padStart(2, '0')).join(':')
  }
}
