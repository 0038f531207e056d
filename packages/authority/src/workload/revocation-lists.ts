import 'reflect-metadata'
import type { Clock } from '@behalf/core'
import { KeyUsageFlags, type X509Certificate, X509Crl } from '@peculiar/x509'
import { AuthorityError } from '../error.ts'
import { checkSignatureAlgorithm, hasUsage, isSameName } from './certificate.ts'
import { type FetchContext, fetchDocument } from './fetch-document.ts'
import { createFetched } from './fetched.ts'

/**
 * Resolves when the revocation list of its signer, current now, does not have the certificate.
 *
 * @throws AuthorityError `credential_revoked`, `status_invalid` when there is no list of this signer that holds,
 *   `status_stale` when there is no current one, `resolution_blocked`, `resolution_invalid`, `resolution_timeout`
 * @see RFC 5280 section 6.3
 */
export type CheckRevocation = (
  certificate: X509Certificate,
  by: { readonly signer: X509Certificate; readonly now: number },
) => Promise<void>

const MAX_LIST_BYTES = 1_048_576

/** Returns what looks certificates up in the lists at these addresses. */
export function createRevocationLists(
  urls: readonly URL[],
  { network, clock }: { readonly network: FetchContext; readonly clock: Clock },
): CheckRevocation {
  const fetched = urls.map((url) =>
    createFetched(
      async () => readList(await fetchDocument(network, { url, maxBytes: MAX_LIST_BYTES })),
      clock,
    ),
  )
  return async (certificate, { signer, now }) => {
    const lists = await Promise.all(fetched.map((list) => list.get()))
    const own: X509Crl[] = []
    for (const list of lists) if (await isListOf(list, signer)) own.push(list)
    if (own.length === 0) {
      throw new AuthorityError('status_invalid', 'There is no revocation list of who signed a certificate')
    }
    // An older list says it, too: a certificate never comes back.
    if (own.some((list) => list.findRevoked(certificate) !== null)) {
      throw new AuthorityError('credential_revoked', 'A certificate was revoked')
    }
    if (own.some((list) => isCurrent(list, now))) return
    throw new AuthorityError('status_stale', 'The revocation list of who signed a certificate is out of date')
  }
}

function readList(bytes: Uint8Array): X509Crl {
  try {
    return new X509Crl(Uint8Array.from(bytes))
  } catch (cause) {
    throw new AuthorityError('resolution_invalid', 'What should be a revocation list is none', { cause })
  }
}

/** Lists of a part, or of changes only, say so in an extension that is critical. */
async function isListOf(list: X509Crl, signer: X509Certificate): Promise<boolean> {
  if (!isSameName(list.issuerName, signer.subjectName)) return false
  if (!hasUsage(signer, KeyUsageFlags.cRLSign)) return false
  if (list.extensions.some(({ critical }) => critical)) return false
  checkSignatureAlgorithm(list.signatureAlgorithm)
  return list.verify({ publicKey: signer.publicKey }).catch(() => false)
}

function isCurrent({ thisUpdate, nextUpdate }: X509Crl, now: number): boolean {
  return nextUpdate !== undefined && thisUpdate.getTime() <= now && now < nextUpdate.getTime()
}
