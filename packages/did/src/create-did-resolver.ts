import { Resolver } from 'did-resolver'
import { getResolver } from 'key-did-resolver'
import type { DidDocument, DidResolver } from './did-document.ts'
import { decodeDidKey } from './did-key.ts'
import { DidError } from './error.ts'
import { normalizeDidKeyDocument } from './normalize-did-key-document.ts'

/** Options of {@link createDidResolver}. */
export interface DidResolverOptions {
  /** Resolves a DID to a DID resolution result; `did-resolver` with `key-did-resolver` unless said otherwise. */
  resolve?: (did: string) => Promise<unknown>
}

/**
 * Creates a resolver of `did:key`. Its documents hold one Multikey, which was decoded from the DID itself; what the
 * underlying resolver says must agree with it in every part that is used.
 * @see DID Resolution 0.3 section 4
 * @example
 * const document = await createDidResolver().resolve('did:key:z6Mk…')
 */
export function createDidResolver(options: DidResolverOptions = {}): DidResolver {
  const resolve = options.resolve ?? createDefaultResolve()
  return {
    /**
     * @throws DidError `keyid_unsupported`, `key_invalid` as `decodeDidKey`
     * @throws DidError `resolution_invalid` when the resolver fails or disagrees with the DID
     */
    async resolve(did): Promise<DidDocument> {
      const publicKey = decodeDidKey(did)
      return normalizeDidKeyDocument(await resolveOrRefuse(resolve, did), { did, publicKey })
    },
  }
}

function createDefaultResolve(): (did: string) => Promise<unknown> {
  const resolver = new Resolver(getResolver())
  return (did) => resolver.resolve(did)
}

async function resolveOrRefuse(resolve: (did: string) => Promise<unknown>, did: string): Promise<unknown> {
  try {
    return await resolve(did)
  } catch (cause) {
    throw new DidError('resolution_invalid', 'The resolver failed', { cause })
  }
}
