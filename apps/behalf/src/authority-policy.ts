import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { IssuerError, type Policy, parsePolicy } from '@behalf/issuer'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'

/** A person decides everything, save what an operator enrolled an agent for. */
const DEFAULT_POLICY = JSON.stringify({ id: 'default', rules: [], default: 'approve-enrolled' })

/**
 * The policy in a file, or the default one when no file is named.
 *
 * @throws CommandError `policy_invalid`, naming the file and the place in it
 */
export async function readPolicy(io: BehalfIo, file: string | undefined): Promise<Policy> {
  if (file === undefined) {
    return parsePolicy(DEFAULT_POLICY)
  }
  const path = resolve(io.cwd, file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandError('policy_invalid', `the policy file ${path} cannot be read`, {
      next: 'check the name and that this account may read it',
      cause,
    })
  })
  try {
    return parsePolicy(text)
  } catch (cause) {
    if (!(cause instanceof IssuerError)) {
      throw cause
    }
    const place = cause.field === undefined ? '' : ` at ${cause.field}`
    throw new CommandError('policy_invalid', `${path}${place}: ${cause.message}`, { cause })
  }
}
