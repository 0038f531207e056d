import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { SOURCE_OPTIONS } from '../../attacks/support/killed-process.ts'

/** A process that does what it is told, one thing after the other. */
export interface Child<Order, Report> {
  /** Resolves to what it reports when it is done; rejects when it ends before. */
  order(order: Order): Promise<Report>
  end(): Promise<void>
}

/**
 * Starts a script beside this file. It must answer every message by one of its own.
 *
 * @param script file name, or a path from here
 * @param nodeOptions beside those that run sources
 */
export function startChild<Order extends object, Report>(
  script: string,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Child<Order, Report> {
  const child = fork(join(import.meta.dirname, script), args, {
    execArgv: [...SOURCE_OPTIONS, ...nodeOptions, '--expose-gc'],
    serialization: 'advanced',
  })
  const exited = once(child, 'exit')
  return {
    order: (order) => ask<Report>(child, order),
    end: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function ask<Report>(child: ChildProcess, order: object): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>()
  const onExit = (code: number | null, signal: string | null): void =>
    reject(new Error(`${child.spawnargs.at(-1)} ended by itself: ${signal ?? code}`))
  const onMessage = (report: Report): void => resolve(report)
  child.once('message', onMessage).once('exit', onExit)
  child.send(order)
  return promise.finally(() => child.off('message', onMessage).off('exit', onExit))
}

/** In the script: carries out one order after the other. */
export function takeOrders<Order, Report>(carryOut: (order: Order) => Promise<Report> | Report): void {
  // Nobody is left to end it.
  process.once('disconnect', () => process.exit())
  let last: Promise<unknown> = Promise.resolve()
  process.on('message', (order: Order) => {
    last = last.then(async () => process.send?.(await carryOut(order)))
  })
}
