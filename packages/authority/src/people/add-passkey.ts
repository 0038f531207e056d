import { checkText } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import type { Passkey } from './passkey-rows.ts'
import type { PeopleTransaction } from './people-transaction.ts'
import type { NewPasskey } from './verify-registration.ts'

const MAX_NAME_LENGTH = 60
const MAX_PASSKEYS = 20

/**
 * The name hides nothing and is short enough.
 *
 * @throws IssuerError `input_invalid` with the field
 */
export function checkPasskeyName(name: string, field: string): string {
  return checkText(name, { field, maxLength: MAX_NAME_LENGTH })
}

/**
 * The passkey is the person's.
 *
 * @throws AuthorityError `webauthn_credential_exists` when its id is registered, to whomever; `forbidden` for the
 *   twenty-first
 */
export async function addPasskey(
  tx: PeopleTransaction,
  options: { readonly made: NewPasskey; readonly person: string; readonly name: string },
): Promise<Passkey> {
  const { made, person, name } = options
  const passkey: Passkey = { ...made, person, name }
  if ((await tx.passkeys.listOf(person)).length >= MAX_PASSKEYS) {
    throw new AuthorityError('forbidden', `A person may have ${MAX_PASSKEYS} passkeys`)
  }
  if (!(await tx.passkeys.insert(passkey))) {
    throw new AuthorityError('webauthn_credential_exists', 'This passkey is registered already')
  }
  const { id, software, synced } = passkey
  await tx.record('passkey_added', { person, passkey: id, software, synced, by: person })
  return passkey
}
