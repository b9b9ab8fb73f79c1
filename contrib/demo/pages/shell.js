// SPDX-License-Identifier: PostgreSQL
/**
 * shell.js: what all pages of the demo share. This is the user who is signed in, calls of the
 * daemon's actions, errors and toasts. follow.js has the stream. Each page has the elements #user,
 * #state, #reconnect, #error and #toasts.
 */

import { words } from '/words.js'

export const byId = (id) => document.getElementById(id)

/**
 * Makes an element with these properties and children, which are elements or texts. label: what is
 * read aloud in place of its text.
 */
export function make(tag, { dataset = {}, label, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  Object.assign(element.dataset, dataset)
  if (label) element.setAttribute('aria-label', label)
  element.append(...children)
  return element
}

export const button = (text, onclick, properties = {}) => make('button', { type: 'button', textContent: text, onclick, ...properties })

/** A cell of a table. On a phone its label stands in front of it. */
export const cell = (label, ...children) => make('td', { dataset: { label } }, ...children)
export const figure = (label, text) => make('td', { dataset: { label }, className: 'figure' }, text)

const nameOf = (element) => element.getAttribute('aria-label') ?? element.textContent

/**
 * Puts rows in place of those before. The keyboard's focus may be in one of those. Then it stays at
 * the control of the same name, in the row with the same data-id. Without rows a sentence says so,
 * if the page has one.
 */
export function fill(element, ...rows) {
  const focused = element.contains(document.activeElement) && document.activeElement
  const id = focused && focused.closest('[data-id]')?.dataset.id
  element.replaceChildren(...rows)
  const empty = byId(`${element.id}-empty`)
  if (empty) empty.hidden = rows.length > 0
  if (!id) return
  const row = element.querySelector(`[data-id="${CSS.escape(id)}"]`)
  const again = [...(row?.querySelectorAll('button, select') ?? [])].find((it) => nameOf(it) === nameOf(focused))
  again?.focus({ preventScroll: true })
}

/** A select box. Each of the choices is [value, text]. */
export function choice(label, onchange, choices, chosen) {
  const options = choices.map(([value, textContent]) => make('option', { value, textContent, defaultSelected: value === chosen }))
  return make('select', { label, onchange }, ...options)
}

/**
 * Promises the answer's body. If the server refuses, it rejects with an Error with its sentence.
 */
export async function ask(url, options = {}) {
  const answer = await fetch(url, options)
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw Object.assign(new Error(body.errors?.[0] ?? words.refused(answer)), { status: answer.status, foreign: body.errors !== undefined })
  return body
}

/**
 * A user of the demo, with { user, id, name, role, users, api, side }. In a real application this
 * is its login. Streams are at `api`. Short requests go to `side`, the same daemon by another name: a
 * browser counts connections by name, so open streams do not hold them up.
 *   token(anew)                 promises a token for an hour; anew: the last one is not good now
 *   call(method, path, body)    promises the data that an action of the daemon answers
 */
export async function sessionOf(user) {
  const load = () => ask(`/session?user=${encodeURIComponent(user)}`)
  let session = await load()
  const token = async (anew = false) => (anew ? (session = await load()) : session).token
  async function call(method, path, body) {
    const send = async (anew) => {
      const headers = { Authorization: `Bearer ${await token(anew)}`, ...(body && { 'Content-Type': 'application/json' }) }
      return ask(session.side + path, { method, headers, body: body && JSON.stringify(body) })
    }
    return (await send(false).catch((error) => (error.status === 401 ? send(true) : Promise.reject(error)))).data
  }
  return { ...session, token, call }
}

/**
 * Signs in the user that the address names (?user=ana), or the one that the page is for. Fills the
 * select box.
 */
export async function signIn(fallback) {
  const wanted = new URLSearchParams(location.search).get('user') ?? fallback
  try {
    const session = await sessionOf(wanted)
    for (const { user, name, role } of session.users) {
      byId('user').append(make('option', { value: user, selected: user === session.user }, `${name} (${words.roles[role]})`))
    }
    byId('user').onchange = () => location.assign(`${location.pathname}?user=${byId('user').value}`)
    return session
  } catch (error) {
    complain(error)
    throw error
  }
}

/** Shows an error until the next one, or until the user has done something that went well. */
export function complain(error) {
  const text = error?.message ?? error ?? ''
  const own = words.sentences[text]
  byId('error').textContent = own ?? text
  byId('error').lang = !own && error?.foreign ? 'en' : document.documentElement.lang // what the server says is English
  byId('error').hidden = !error
}

/**
 * Makes the handler of a button, a form or a select box.
 * - It shows errors.
 * - It takes a choice back that was refused.
 * - A button does nothing while its work is under way.
 */
export const act = (doing) => async (event) => {
  event.preventDefault()
  const it = event.submitter ?? event.currentTarget
  if (it.type === 'button' || it.type === 'submit') {
    if (it.ariaDisabled === 'true') return // it is not disabled, because that would take the focus away from it
    it.ariaDisabled = 'true'
  }
  try {
    await doing(event)
    complain()
  } catch (error) {
    for (const option of it.options ?? []) option.selected = option.defaultSelected
    complain(error)
  } finally {
    it.ariaDisabled = null
  }
}

/** icon: an element in front of the text. */
export function toast(text, icon = '') {
  const it = make('li', { className: 'toast' }, icon, text)
  byId('toasts').append(it)
  setTimeout(() => it.remove(), 8000)
}

/** Marks what has just changed. */
export function mark(element) {
  element.classList.remove('changed')
  void element.offsetWidth // begins the animation again
  element.classList.add('changed')
}

/** Makes a button copy what text() gives. It says for a moment that it has. */
export function copying(button, text) {
  const word = button.textContent
  button.onclick = async () => {
    await navigator.clipboard.writeText(text())
    button.textContent = 'Copied'
    setTimeout(() => (button.textContent = word), 2000)
  }
  return button
}

/** A line for a terminal, with a button that copies it. */
export function command(line) {
  const copy = copying(button('Copy'), () => line)
  copy.setAttribute('aria-label', `Copy ${line.slice(0, 40)}`)
  return make('div', { className: 'command' }, make('pre', { tabIndex: 0 }, line), copy)
}
