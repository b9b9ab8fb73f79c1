// The contract of the streams, as JSON Schema for ajv and as TypeScript for tsc.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { temporaryDirectory, removeDirectory } from './process.mjs'

/**
 * Returns (path, event, data) -> what is wrong with the data by the document. undefined is nothing.
 */
export function validator(document) {
  const ajv = new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true })
  addFormats(ajv)
  ajv.addVocabulary(['streams'])
  ajv.addSchema(document, 'contract')
  const pointer = (name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
  return (path, event, data) => {
    const stream = document.streams[path]
    const kind = event in stream.events ? 'events' : 'control'
    if (!(event in stream[kind])) return `'${event}' is no event of '${path}'`
    const validate = ajv.getSchema(`contract#/streams/${pointer(path)}/${kind}/${pointer(event)}`)
    return validate(data) ? undefined : ajv.errorsText(validate.errors)
  }
}

/** What `tsc --strict` says of these files, { name: text }. '' means that it has no complaint. */
export async function compile(files) {
  const directory = temporaryDirectory('tsc')
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc')
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
    const args = [tsc, '--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', ...Object.keys(files)]
    return await new Promise((resolve, reject) => {
      execFile(process.execPath, args, { cwd: directory, timeout: 240_000 }, (error, stdout) => (error && !stdout ? reject(error) : resolve(stdout)))
    })
  } finally {
    removeDirectory(directory)
  }
}
