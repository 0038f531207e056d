import { argv } from 'node:process'
import { writeEncryptedFile } from '@behalf/wallet/encrypted-file'

// Saves again and again, each time another secret of equal bytes, until it is killed: node save-process.ts <path> <passphrase>
const [, , path = '', passphrase = ''] = argv
for (let byte = 1; ; byte = (byte % 255) + 1) {
  await writeEncryptedFile(path, new Uint8Array(32).fill(byte), { passphrase, workFactor: 12 })
}
