import { createDidResolver } from '@behalf/did'
import { type CaseGroup, call, http, own } from '../support/attack-case.ts'
import { createChain } from '../support/chain.ts'
import { codeOf } from '../support/expectation.ts'
import { baseline } from '../support/request.ts'

/** Signed under a key identifier that would have to be fetched; nobody may fetch it. */
const withKeyids = (...dids: readonly string[]) =>
  http(async (api) => {
    const answers = []
    for (const did of dids) answers.push(await api.sendSigned(baseline({ keyid: `${did}#key-1` })))
    return answers
  })

/** DID and URL resolution. */
export const resolution: CaseGroup = {
  name: 'DID and URL resolution (SSRF)',
  catalogue: {
    'RS-001': withKeyids('did:web:127.0.0.1%3A8080', 'did:web:localhost', 'did:web:0x7f.1'),
    'RS-003': withKeyids(
      'did:web:%5B%3A%3Affff%3A7f00%3A1%5D',
      'did:web:[::ffff:7f00:1]',
      'did:web:64:ff9b::7f00:1',
    ),
    'RS-007': withKeyids('did:web:h:..:..:x', 'did:web:h%2F..%2Fx', 'did:web:h:%2e%2e:x'),
  },
  own: {
    'RS-own-1': own(
      'keyid_unsupported',
      'A delegation for a subject that would have to be fetched',
      http(async (api) => {
        const id = 'did:web:127.0.0.1'
        return api.sendSigned(
          baseline({ chain: await createChain([{}, {}, { subject: { id }, claims: { sub: id } }]) }),
        )
      }),
    ),
    'RS-own-2': own(
      'issuer_untrusted',
      'A root by an issuer that would have to be fetched',
      http(async (api) => {
        const did = 'did:web:127.0.0.1'
        const root = { claims: { issuer: did, iss: did }, header: { kid: `${did}#key-1` } }
        return api.sendSigned(baseline({ chain: await createChain([root, {}, {}]) }))
      }),
    ),
    'RS-own-3': own(
      'keyid_unsupported',
      'The resolver knows no other method',
      call(() => codeOf(() => createDidResolver().resolve('did:web:127.0.0.1'))),
    ),
  },
}
