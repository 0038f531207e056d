import {
  createEd25519Signer,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  type Signer,
  systemRandomBytes,
} from '@behalf/core'
import { writePrivateFile } from '@behalf/wallet/encrypted-file'
import { CommandError } from './error.ts'
import { readIfThere } from './read-if-there.ts'

const SEED_BYTES = 32

/**
 * The key in a file that its owner alone may read, made the first time. It is not encrypted: for keys that report or
 * witness and can act for nobody.
 *
 * @param whose as the refusal says it, such as `a witness`
 * @throws CommandError `input_invalid` when the file holds something else
 */
export async function openKeyFile(path: string, whose: string): Promise<Signer> {
  const known = await readIfThere(path)
  const text = known ?? encodeBase64url(systemRandomBytes(SEED_BYTES))
  if (known === undefined) await writePrivateFile(path, encodeUtf8(`${text}\n`), { exclusive: true })
  try {
    const seed = decodeBase64url(text.trimEnd())
    if (seed.length === SEED_BYTES) return createEd25519Signer(seed)
  } catch (cause) {
    throw new CommandError('input_invalid', `${path} does not hold the key of ${whose}`, { cause })
  }
  throw new CommandError('input_invalid', `${path} does not hold the key of ${whose}`)
}
