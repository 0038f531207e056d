import { createHash } from 'node:crypto'
import { digestSha256, type JsonObject, type JsonValue } from '@behalf/core'
import type { Draft } from './draft.ts'
import { lineValues } from './draft.ts'
import { asObject } from './json.ts'
import type { Party } from './parties.ts'

/** One credential as the harness signed it. */
export interface SignedLink {
  readonly jws: string
  readonly digest: string
  readonly signer: Party
  /** What `JSON.parse` makes of the payload: another reader than the one that is tested. */
  readonly payload: JsonObject
}

/** One request as the harness signed it. */
export interface SignedRequest {
  readonly signer: Party
  readonly method: string
  readonly origin: string
  readonly target: string
  readonly body: Uint8Array
  readonly components: readonly string[]
  /** The values of the covered fields when the request was signed. */
  readonly fields: ReadonlyMap<string, readonly string[]>
  /** The parameters as text, from the first semicolon. */
  readonly params: string
}

/** Everything that the harness signed, by its exact bytes. Whatever is accepted must be in here. */
export class Registry {
  readonly #links = new Map<string, SignedLink>()
  readonly #requests = new Map<string, SignedRequest>()
  readonly #chains = new Map<string, readonly SignedLink[]>()

  addLink(jws: string, signer: Party): SignedLink {
    const link = { jws, digest: digestSha256(jws), signer, payload: readPayload(jws) }
    this.#links.set(jws, link)
    return link
  }

  /** Lets requests name the chain. Returns its name, by a hash of its own. */
  addChain(links: readonly SignedLink[]): string {
    const hash = createHash('sha256')
    for (const { jws } of links) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(jws.length)
      hash.update(length).update(jws)
    }
    const name = hash.digest('base64url')
    this.#chains.set(name, links)
    return name
  }

  /** The chain of a name. */
  chain(name: string): readonly SignedLink[] | undefined {
    return this.#chains.get(name)
  }

  link(jws: string): SignedLink | undefined {
    return this.#links.get(jws)
  }

  /** @param signature base64 */
  addRequest(
    signature: string,
    draft: Draft,
    signed: Omit<SignedRequest, 'method' | 'target' | 'body' | 'fields'>,
  ): void {
    const { method, target, body } = draft
    const names = signed.components.filter((name) => !name.startsWith('@'))
    const fields = new Map(names.map((name) => [name, lineValues(draft, name)]))
    this.#requests.set(signature, { ...signed, method, target, body, fields })
  }

  /** The request whose signature is somewhere in the text of a Signature field. */
  request(text: string): SignedRequest | undefined {
    for (const [, signature = ''] of text.matchAll(/:([A-Za-z0-9+/=]*):/g)) {
      const request = this.#requests.get(signature)
      if (request !== undefined) return request
    }
    return undefined
  }
}

function readPayload(jws: string): JsonObject {
  try {
    const value: JsonValue = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString())
    return asObject(value)
  } catch {
    // A forgery need not be JSON; then it says nothing.
    return {}
  }
}
