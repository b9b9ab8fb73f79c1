// SPDX-License-Identifier: PostgreSQL
/** transcript.ts: what a server has sent, written down and played again. It is plain JSON. */

export interface Transcript {
  answers: {
    url: string
    status: number
    type: string
    /** at: ms after the request */
    pieces: { at: number; text: string }[]
  }[]
}

/** A fetch that writes down all answers. fetch: the one that it calls. */
export function record(fetch: typeof globalThis.fetch = globalThis.fetch): { fetch: typeof globalThis.fetch; transcript: Transcript } {
  const transcript: Transcript = { answers: [] }
  const recording = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const begun = performance.now(), response = await fetch(input, init)
    const pieces: { at: number; text: string }[] = []
    transcript.answers.push({ url: String(input), status: response.status, type: response.headers.get('Content-Type') ?? '', pieces })
    const decoder = new TextDecoder()
    const note = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, to) {
        pieces.push({ at: Math.round(performance.now() - begun), text: decoder.decode(bytes, { stream: true }) })
        to.enqueue(bytes)
      },
    })
    const { status, statusText, headers } = response
    return new Response(response.body?.pipeThrough(note), { status, statusText, headers })
  }
  return { fetch: recording, transcript }
}

/**
 * A fetch that gives the answers of a transcript in turn. A text is one answer, as `curl -N` shows
 * it. speed: 1 is as it was, and the default is at once. After the last answer the stream stays
 * open, and nothing comes.
 */
export function replay(from: Transcript | string, { speed = Infinity }: { speed?: number } = {}): typeof globalThis.fetch {
  const answers = typeof from === 'string' ? [{ status: 200, type: 'text/event-stream', pieces: [{ at: 0, text: from }] }] : [...from.answers]
  return async (_, init) => {
    const answer = answers.shift() ?? { status: 200, type: 'text/event-stream', pieces: [] }
    const ends = answers.length > 0 || !answer.type.startsWith('text/event-stream')
    return new Response(bodyOf(answer.pieces, speed, ends, init?.signal), { status: answer.status, headers: { 'Content-Type': answer.type } })
  }
}

function bodyOf(pieces: { at: number; text: string }[], speed: number, ends: boolean, signal?: AbortSignal | null): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async start(stream) {
      signal?.addEventListener('abort', () => stream.error(signal.reason))
      let now = 0
      for (const { at, text } of pieces) {
        if (speed !== Infinity) await new Promise((resolve) => setTimeout(resolve, (at - now) / speed))
        now = at
        if (signal?.aborted) return
        stream.enqueue(encoder.encode(text))
      }
      if (ends) stream.close()
    },
  })
}
