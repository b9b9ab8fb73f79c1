// Compiles src into a directory (dist): modules of ECMAScript, and below cjs what CommonJS requires.
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const out = resolve(process.argv[2] ?? join(here, 'dist'))
const compile = (...args) => execFileSync(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), '-p', here, ...args], { stdio: 'inherit' })

rmSync(out, { recursive: true, force: true })
compile('--outDir', out, '--sourceMap', '--sourceRoot', '../src')
compile('--outDir', join(out, 'cjs'), '--module', 'commonjs', '--moduleResolution', 'node10', '--sourceMap', '--sourceRoot', '../../src')
writeFileSync(join(out, 'cjs/package.json'), '{ "type": "commonjs" }\n')
