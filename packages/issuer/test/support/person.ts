import { decodeBase64url } from '@behalf/core'
import { createSoftwarePasskey, type SoftwarePasskey } from '@behalf/credential/software-passkey'
import type { Approver, DelegationRequest, GivenAssertion, PreparedApproval } from '../../src/index.ts'
import { ALICE, createTestRandom, ORIGIN, type World } from './issuer-world.ts'

/** A person with a software passkey. */
export interface Person {
  readonly approver: Approver
  readonly passkey: SoftwarePasskey
}

/** The same name always gives the same passkey. */
export function createPerson(id: string = ALICE.id, tenant: string | undefined = ALICE.tenant): Person {
  const passkey = createSoftwarePasskey({ origin: ORIGIN, random: createTestRandom(id) })
  return { approver: { id, ...(tenant !== undefined && { tenant }) }, passkey }
}

/** What the person's passkey answers to a prepared approval, with what the authority knows of it. */
export async function answer(
  { passkey }: Person,
  { challenge }: Pick<PreparedApproval, 'challenge'>,
  changes: Partial<GivenAssertion> = {},
): Promise<GivenAssertion> {
  const { response } = await passkey.authenticate({ challenge })
  return {
    passkeyId: passkey.id,
    publicKey: decodeBase64url(passkey.publicKey),
    software: true,
    rpId: new URL(ORIGIN).hostname,
    origin: ORIGIN,
    authenticatorData: response.authenticatorData,
    clientDataJson: response.clientDataJSON,
    signature: response.signature,
    ...changes,
  }
}

/** Prepares, and completes with the person's passkey. */
export async function approveAs(
  world: World,
  person: Person,
  requests: readonly Pick<DelegationRequest, 'id' | 'version'>[],
): Promise<readonly DelegationRequest[]> {
  const { approver } = person
  const prepared = await world.issuer.prepareApproval({
    person: approver,
    requests: requests.map(({ id, version }) => ({ id, version })),
  })
  const assertion = await answer(person, prepared)
  return world.issuer.completeApproval({ draft: prepared.id, person: approver, assertion })
}
