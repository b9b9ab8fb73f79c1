// The commands and client snippets of the five documents, from e2e/seeds. They are typed as they
// stand there, with only what a reader fills in. Around a snippet is the least that a page has:
// React, the state that it sets, and a list that shows it.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { repository } from './daemon.mjs'
import { Parser } from './parser.mjs'
import { environment } from './cluster.mjs'
import * as processes from './process.mjs'
import { until, within } from './wait.mjs'

const tests = dirname(dirname(fileURLToPath(import.meta.url)))

/** A snippet without its header line. */
export function snippet(name) {
  const text = readFileSync(join(tests, 'e2e/seeds', name), 'utf8')
  const header = text.split('\n', 1)[0]
  if (!/^(#|\/\/) 00\d: .*, as it stands there\.$/.test(header)) throw new Error(`e2e/seeds/${name} does not say where it stands`)
  return text.slice(header.length + 1)
}

/** Fills in what a reader fills in: the daemon's port, and each <word>. Fails if a word is left. */
export function fill(text, port, words = {}) {
  let filled = text.replace(/localhost:(8000|3000)/g, `localhost:${port}`)
  for (const [word, value] of Object.entries(words)) filled = filled.replaceAll(`<${word}>`, value)
  const left = /<[a-z-]+>/.exec(filled)
  if (left) throw new Error(`${left[0]} is left in ${text}`)
  return filled
}

/** A terminal in which a command is typed. text: all that it shows. frames: the events in that. */
export class Terminal {
  constructor(command) {
    this.text = ''
    this.frames = []
    this.errors = ''
    const parser = new Parser({ onFrame: (frame) => this.frames.push(frame) })
    this.child = processes.start('bash', ['-c', command], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout.on('data', (chunk) => {
      this.text += chunk
      parser.push(chunk)
    })
    this.child.stderr.on('data', (chunk) => (this.errors += chunk))
    this.output = new Promise((resolve) => this.child.stdout.once('close', resolve))
  }

  /** Returns the text as soon as it has these words. */
  async shows(words) {
    const shown = until(() => this.text.includes(words), { timeout: 30_000, what: `${words} in the terminal` })
    await shown.catch((error) => { throw new Error(`${error.message}: ${this.text} ${this.errors}`) })
    return this.text
  }

  /** Waits for the end of the command. Returns all that it has shown. */
  async end() {
    await within(this.output, 30_000, 'the end of the command')
    return this.text
  }

  async close() {
    this.child.kill('SIGTERM')
    await this.child.exited
  }
}

/** The lines that a document shows of a stream: the names and the data of events. */
export const shown = (text) => text.split('\n').filter((line) => /^(event|data):/.test(line)).join('\n')

/**
 * A script for pages. source may import react, js-cookie and contrib/client/dist/unseal.js. define:
 * what the bundler puts in the place of names.
 */
export async function bundle(source, define = {}) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: tests, loader: 'tsx' }, bundle: true, write: false, jsx: 'automatic', format: 'iife', charset: 'utf8', logLevel: 'silent',
    alias: { unseal: join(repository, 'contrib/client/dist/unseal.js') },
    define: { 'process.env.NODE_ENV': '"production"', ...Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)])) },
  })
  return outputFiles[0].text
}

/** The source of a page that shows one component, <Page/>. The body defines it. */
export const reactPage = (body) => `
  import { useCallback, useEffect, useState } from 'react'
  import { createRoot } from 'react-dom/client'
  ${body}
  createRoot(document.getElementById('root')).render(<Page/>)`

export const html = (script, cookies = {}) => `<!doctype html><meta charset=utf-8><title>page</title><div id=root></div>
<script>${Object.entries(cookies).map(([name, value]) => `document.cookie = ${JSON.stringify(`${name}=${value}; path=/`)};`).join('')}</script>
<script src=${script}></script>`
