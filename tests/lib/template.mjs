// node template.mjs DIRECTORY: makes it a data directory that clusters are copied from. tests/run
// names it in CLUSTER_TEMPLATE.
import { mkdirSync } from 'node:fs'
import { makeTemplate } from './cluster.mjs'

mkdirSync(process.argv[2], { mode: 0o700 })
await makeTemplate(process.argv[2])
