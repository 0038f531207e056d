#!/usr/bin/env node
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import type { BehalfIo } from './io.ts'
import { runBehalf } from './run.ts'

// A reader that stops early, such as head, closes the pipe: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error
  }
})

// Whatever a command writes is for this account alone, the database of an authority above all.
process.umask(0o077)

const io: BehalfIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: Date.now,
  fetch: globalThis.fetch,
  wait: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal }),
  interruption: catchInterruption,
}

process.exitCode = await runBehalf(process.argv.slice(2), io)

function catchInterruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort())
  }
  return controller.signal
}
