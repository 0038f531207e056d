import { createServer } from 'node:http'
import { isJsonObject, type JsonObject } from '@behalf/core'
import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { WorkloadAlgorithm } from '../../src/index.ts'
import { START, whenDone } from './authority-world.ts'

/**
 * Signs tokens with keys of its own, as Kubernetes, SPIRE or a CI system would: it is none of them, but its keys,
 * signatures and key server are real.
 */
export interface SimulatedTokenIssuer {
  readonly jwks: JsonObject
  /** A token that is fine, but for what is changed; a member that is `undefined` is left out. */
  sign(claims: object, header?: object): Promise<string>
}

interface SigningKey {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

const made = new Map<string, Promise<SigningKey>>()

/** The same name always gives the same key within a run: RSA keys take long to find. */
async function keyOf(name: string, alg: WorkloadAlgorithm): Promise<SigningKey> {
  const make = async (): Promise<SigningKey> => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    return { privateKey, jwk: await exportJWK(publicKey) }
  }
  const id = `${alg} ${name}`
  const key = made.get(id) ?? make()
  made.set(id, key)
  return key
}

export async function createTokenIssuer({
  name,
  alg = 'RS256',
  kid = 'key-1',
  jwk: members = {},
}: {
  readonly name: string
  readonly alg?: WorkloadAlgorithm
  readonly kid?: string
  /** Members of its published key that are different. */
  readonly jwk?: object
}): Promise<SimulatedTokenIssuer> {
  const { privateKey, jwk } = await keyOf(name, alg)
  const jwks: unknown = JSON.parse(JSON.stringify({ keys: [{ ...jwk, kid, ...members }] }))
  if (!isJsonObject(jwks)) throw new Error('a JWK Set is an object')
  return {
    jwks,
    sign: async (claims, header = {}) => {
      const times = { iat: START / 1000 - 60, nbf: START / 1000 - 60, exp: START / 1000 + 600 }
      const payload = new TextEncoder().encode(JSON.stringify({ ...times, ...claims }))
      return new CompactSign(payload).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
    },
  }
}

/** A server on this machine that answers with whatever `answer` holds, and counts how often it was asked. */
export interface DocumentServer {
  readonly url: string
  readonly asked: () => number
  answer: { status: number; body: string | Uint8Array; headers?: Record<string, string> }
}

export async function serveDocument(body: JsonObject | Uint8Array): Promise<DocumentServer> {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(served.answer.status, served.answer.headers).end(served.answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenDone(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const served: DocumentServer = {
    url: `http://localhost:${address.port}/keys`,
    asked: () => asked,
    answer: { status: 200, body: body instanceof Uint8Array ? body : JSON.stringify(body) },
  }
  return served
}
