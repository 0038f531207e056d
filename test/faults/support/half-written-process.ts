import { join } from 'node:path'
import { openAuthorityKeys, replaceOperator } from '@behalf/authority'
import { encodeUtf8 } from '@behalf/core'
import { createFileWallet } from '@behalf/wallet'
import { makePrivateFolder, writeEncryptedFile } from '@behalf/wallet/encrypted-file'
import { openWitnessState } from '../../../apps/behalf/src/witness-state.ts'
import { openStorageAuthority, STORAGE_PASSPHRASE } from './storage-authority.ts'

// Writes every file that Behalf writes, one after the other, and prints what it did after each: node
// half-written-process.ts <folder>
const folder = process.argv[2] ?? ''
const files = { passphrase: STORAGE_PASSPHRASE, workFactor: 12 }
const data = join(folder, 'data')

const keys = await openAuthorityKeys(data, STORAGE_PASSPHRASE, { workFactor: 12 })
tell({ step: 'keys', issuer: keys.issuerDid, operator: keys.operatorDid })

const authority = await openStorageAuthority({ folder: data, port: 1 })
tell({ step: 'database' })
await authority.close()
tell({ step: 'closed' })
const { operatorDid } = await replaceOperator({ folder: data, ...files })
tell({ step: 'operator', operator: operatorDid })

const witness = await openWitnessState(join(folder, 'witness', 'state'))
tell({ step: 'witness', key: Buffer.from(witness.signer.publicKey).toString('hex') })
for (const note of ['first', 'second', 'third']) {
  await witness.write('log', note.repeat(2000))
  tell({ step: 'checkpoint', note })
}

const wallets = join(folder, 'wallets', 'of', 'ana')
await makePrivateFolder(wallets)
const wallet = await createFileWallet(join(wallets, 'agent.age'), files)
tell({ step: 'wallet', agent: wallet.did })
for (const text of ['first', 'second', 'third']) {
  await writeEncryptedFile(join(wallets, 'kept.age'), encodeUtf8(text.repeat(2000)), files)
  tell({ step: 'file', text })
}

function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}
