import type { NoteKey } from '@behalf/audit-log'
import { decodeDidKey } from '@behalf/did'
import type { AuthorityClient } from '@behalf/wallet'
import { parseAgentDid } from './agent-did.ts'

/**
 * The key that signs the log of an authority: that of its issuer, whose DID is also the name of the log.
 *
 * @param issuer - DID that the person gives; without it the authority is taken at its word
 */
export async function chooseLogKey(
  authority: Pick<AuthorityClient, 'describe'>,
  issuer: string | undefined,
): Promise<NoteKey> {
  const name = issuer === undefined ? (await authority.describe()).issuer : parseAgentDid(issuer)
  return { name, publicKey: decodeDidKey(name) }
}
