import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { openWorld } from '../support/world.ts'
import type { ExchangeResult } from './results.ts'

// Prints how many chains a real authority exchanges for tokens in a second, over HTTP and with its database on disk,
// as JSON: node measure-exchange.ts <exchanges>. Agents and authority are in this one process.

const AT_ONCE = 16
const WARM_UP = 20

const world = await openWorld()
try {
  const [exchanges = '500'] = process.argv.slice(2)
  const agent = createMemoryWallet()
  await world.grant(agent, { paths: ['/projects/**'] })
  await exchangeOften(agent, WARM_UP)
  console.log(JSON.stringify(await measure(agent, Number(exchanges))))
} finally {
  await world.end()
}

async function measure(agent: Wallet, exchanges: number): Promise<ExchangeResult> {
  const startedAt = performance.now()
  const used = process.cpuUsage()
  await exchangeOften(agent, exchanges)
  const { user, system } = process.cpuUsage(used)
  const seconds = (performance.now() - startedAt) / 1000
  return {
    exchanges,
    atOnce: AT_ONCE,
    perSecond: Math.round(exchanges / seconds),
    processor: (user + system) / 1000 / exchanges,
  }
}

/** Several senders, each of which waits for its token before it asks for the next. */
async function exchangeOften(agent: Wallet, times: number): Promise<void> {
  let left = times
  const send = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await agent.exchangeToken({ resource: world.api })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, send))
}
