import { join } from 'node:path'
import { argv } from 'node:process'
import { createAuthority, createNoticeKeys } from '@behalf/authority'
import { parsePolicy } from '@behalf/issuer'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { issuer } from './party.ts'

// Makes the files of an authority and of a verifier in an empty folder, to be killed while it does: node authority-process.ts <folder>
const [, , folder = ''] = argv
openVerifierDatabase(join(folder, 'verifier.db')).close()
const authority = await createAuthority({
  databasePath: join(folder, 'authority.db'),
  signer: issuer.signer,
  noticeKeys: createNoticeKeys(new Uint8Array(32).fill(7)),
  origin: 'http://127.0.0.1:1',
  policy: parsePolicy({
    id: 'ask',
    files: [{ name: 'p.cedar', text: 'permit (principal, action == Action::"ask-one", resource);' }],
  }),
  operators: [],
})
await authority.close()
