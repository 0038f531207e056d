import { openFileWallet } from '../../src/file-wallet.ts'
import { AGENT, issueRoot, NOW } from './world.ts'

/*
 * A process of its own for the tests: opens a wallet file and takes in a number of delegations, whose ids it prints.
 */
const [path = '', count = '0', name = ''] = process.argv.slice(2)
const wallet = await openFileWallet(path, { passphrase: 'p', clock: () => NOW })
for (let number = 0; number < Number(count); number += 1) {
  const id = `urn:uuid:00000000-0000-4000-8000-${`${name}${number}`.padStart(12, '0')}`
  await wallet.receive([await issueRoot({ id, subject: AGENT.did })])
  process.stdout.write(`${id}\n`)
}
