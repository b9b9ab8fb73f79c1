// SPDX-License-Identifier: PostgreSQL
/**
 * latest.ts: options whose functions are those of the last render, and whose token is that one's
 * too. There is no React in here.
 */
import type { KeyedOptions } from './key.js'
import { functions } from './same.js'
import type { StreamOptions, TokenRequest } from './types.js'

export interface Latest<O> {
  current: O
}

const calls = ['onEvent', 'onReset', 'onState', 'onError'] as const

function textOf(token: NonNullable<StreamOptions['token']>, ask: TokenRequest) {
  return typeof token === 'function' ? token(ask) : token
}

function functionOf<F extends Function>(now: unknown, then: F): F {
  return typeof now === 'function' ? (now as F) : then
}

// The functions of an object, each of which is looked up again when it is called.
function delegated(members: object | undefined, now: () => object | undefined): object | undefined {
  return members && Object.fromEntries(Object.keys(members).map((name) => [name, (...args: never[]) => (now()?.[name as never] as Function | undefined)?.(...args)]))
}

/** Options of a stream that asks for the latest ones whenever it calls or needs a token. */
export function delegating<O extends KeyedOptions>(latest: Latest<O>): O & { url: StreamOptions['url'] } {
  const { token, ticket, headers, onControl, on } = latest.current
  const options = { ...latest.current, on: delegated(on, () => latest.current.on) } as unknown as Record<string, unknown>
  for (const name of calls) options[name] = (value: never) => (latest.current[name] as ((value: never) => void) | undefined)?.(value)
  if (onControl) options['onControl'] = (event: never) => latest.current.onControl?.(event)
  if (token) options['token'] = (ask: TokenRequest) => textOf(latest.current.token || token, ask)
  if (typeof ticket === 'function') options['ticket'] = functions.standIn((ask: TokenRequest) => functionOf(latest.current.ticket, ticket)(ask), ticket)
  if (typeof headers === 'function') options['headers'] = functions.standIn((ask: TokenRequest) => functionOf(latest.current.headers, headers)(ask), headers)
  return options as unknown as O & { url: StreamOptions['url'] }
}
