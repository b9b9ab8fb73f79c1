// Pages of other origins in Chromium: which of them read a stream, and with which fields.
// run: browser
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBrowser, servePage } from '../lib/browser.mjs'
import { missing, repository } from '../lib/daemon.mjs'
import { openStage } from '../lib/stage.mjs'
import { token } from '../lib/token.mjs'

describe('a page of another origin in a browser', { skip: missing(), timeout: 300_000 }, () => {
  let stage, browser, pages, port
  before(async () => {
    pages = await servePage(join(repository, 'contrib/client/dist'))
    port = new URL(pages.origin).port
    stage = await openStage({
      daemon: { flags: ['--allowed-origins', `HTTP://*.LocalHost:${port}/`] },
      prepare: (cluster) => cluster.psql(`
        CREATE TABLE notes (id int PRIMARY KEY, owner text);
        SELECT herald.watch('notes', audience => '{owner}');
        SELECT herald.stream('/own', '{notes}', match => '{"owner": "claims.sub"}');`),
    })
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await pages?.close()
    await stage?.close()
  })

  /** What a page of this host reads first of the stream, which it asks for with these fields, or its error. */
  async function reads(host, headers) {
    const page = await browser.page(`http://${host}:${port}/`)
    const ask = async ([url, headers]) => {
      const end = new AbortController()
      try {
        const { body } = await fetch(url, { headers, signal: end.signal })
        return new TextDecoder().decode((await body.getReader().read()).value)
      } catch ({ name }) {
        return name
      } finally {
        end.abort()
      }
    }
    const said = await page.evaluate(ask, [stage.daemon.url('/own'), headers])
    await page.close()
    return said
  }

  test('reads with the fields that tracers add, if its host is below the one that is allowed', async () => {
    const Authorization = `Bearer ${await token({ sub: 'ann' })}`
    const traced = { Authorization, 'Last-Event-ID': 'earliest', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'sentry-trace': 'x', baggage: 'a=b', 'X-Request-ID': '1' }
    for (const host of ['a.localhost', 'b.a.localhost']) assert.match(await reads(host, traced), /^retry: \d+\nevent: connected\n/, host)
    for (const host of ['localhost', '127.0.0.1']) assert.equal(await reads(host, traced), 'TypeError', host)
    await stage.daemon.said(new RegExp(`a page of 'http://localhost:${port}' asks for '/own' .* allowed-origins`))
  })
})
