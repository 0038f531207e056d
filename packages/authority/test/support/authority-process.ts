// An authority in a process of its own, to be killed: databasePath, port, and names of the operator and the issuer.
// Prints `listening` once it takes requests, or the code for which it does not start.
import { createEd25519Signer, sha256 } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { parsePolicy } from '@behalf/issuer'
import { createAuthority } from '../../src/index.ts'

const [, , databasePath = '', port = '0'] = process.argv
const POLICY = 'permit (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource);'
const seedOf = (name: string): Uint8Array => sha256(new TextEncoder().encode(name))
try {
  const authority = await createAuthority({
    databasePath,
    issuerSeed: seedOf('authority'),
    origin: `http://127.0.0.1:${port}`,
    policy: parsePolicy({ id: 'enrolled', files: [{ name: 'enrolled.cedar', text: POLICY }] }),
    operators: [
      { did: encodeDidKey(createEd25519Signer(seedOf('operator')).publicKey), name: 'first operator' },
    ],
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  await authority.listen({ host: '127.0.0.1', port: Number(port) })
  console.log('listening')
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? error.code : error)
}
