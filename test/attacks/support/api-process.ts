import { appendFileSync } from 'node:fs'
import { argv } from 'node:process'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { type AdapterName, startServer } from './adapters.ts'
import { NOW } from './chain.ts'
import { createWorld } from './world.ts'

// A protected API in a process of its own, so that it can be killed: node api-process.ts <adapter> <database> <effects>
const [, , adapter = '', path = '', effects = ''] = argv
const database = openVerifierDatabase(path, { clock: () => NOW - 3_600_000 })
const { replayStore, useCounter } = database
const { verifier } = await createWorld({ replayStore, useCounter })
const { port } = await startServer(adapter as AdapterName, {
  verifier,
  onHandled: () => appendFileSync(effects, '.'),
})
console.log(port)
