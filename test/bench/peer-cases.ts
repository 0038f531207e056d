import { encodeEd25519Jwk } from '@behalf/core'
import { verify as verifyByHttpsig } from '@hellocoop/httpsig'
import { importJWK, jwtVerify } from 'jose'
import { createParty, issuer, signChain } from './bench-world.ts'
import { BARE, type GoalCase } from './request-cases.ts'
import { type SignedRequest, showKey, signRequest } from './signed-requests.ts'

/** What other libraries take for a part of the work: one credential, and one signed request without any. */
export async function createPeerCases(): Promise<readonly GoalCase[]> {
  return [await createJoseCase(), createHttpsigCase()]
}

/** `jose` verifies one credential of the chain as a JWT, with a key it has imported before. */
async function createJoseCase(): Promise<GoalCase> {
  const key = await importJWK({ ...encodeEd25519Jwk(issuer.signer.publicKey), alg: 'EdDSA' })
  const { links } = await signChain([createParty()])
  const [credential = ''] = links
  const verifyOnce = async (): Promise<void> => {
    await jwtVerify(credential, key, { issuer: issuer.did, typ: 'vc+jwt' })
  }
  return {
    name: 'jose: one credential as a JWT',
    against: BARE,
    prepare: async (count) => Array.from({ length: count }, () => verifyOnce),
  }
}

/** `@hellocoop/httpsig` verifies one request that carries its key inline: no credential, no chain, no replay store. */
function createHttpsigCase(): GoalCase {
  const agent = createParty()
  return {
    name: '@hellocoop/httpsig: one request, inline key',
    against: BARE,
    prepare: async (count) => {
      const request = await signRequest(agent, showKey(agent))
      const input = toHttpsigInput(request)
      return Array.from({ length: count }, () => async () => {
        const { verified, error } = await verifyByHttpsig(input)
        if (!verified) throw new Error(`@hellocoop/httpsig refused our request: ${error}`)
      })
    },
  }
}

function toHttpsigInput({
  method,
  target,
  headers,
  body,
}: SignedRequest): Parameters<typeof verifyByHttpsig>[0] {
  const [path = '', query = ''] = target.split('?')
  const authority = 'api.test'
  return { method, authority, path, query, headers: Object.fromEntries(headers), body: Buffer.from(body) }
}
