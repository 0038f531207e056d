import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { decodeUtf8 } from '@behalf/core'
import { IssuerError, type Policy, type PolicyFile, parsePolicy } from '@behalf/issuer'
import type { OptionSpec } from './arguments.ts'
import { CommandError } from './error.ts'
import type { BehalfIo } from './io.ts'

/** A person decides everything, save what an agent was enrolled for. */
const DEFAULT_POLICY = `@id("ask")
permit (principal, action in [Action::"approve-enrolled", Action::"ask-one"], resource);
`

const ENDING = '.cedar'

/** `--policy`, of every command that may do without one. */
export const POLICY_OPTION: OptionSpec = {
  kind: 'text',
  value: 'PATH',
  help: 'a .cedar file, or a folder of them (default: a person decides, save for what is enrolled)',
}

/** `--zone`, of every command that reads a policy. */
export const ZONE_OPTION: OptionSpec = {
  kind: 'text',
  value: 'ZONE',
  help: 'the IANA time zone of hours and days in the policy, such as Europe/Berlin (default: UTC)',
}

/**
 * The policy in a file or in the `.cedar` files of a folder, named after it; or the default one when none is named.
 *
 * @throws CommandError `policy_invalid`, naming file, line and column
 */
export async function readPolicy(
  io: BehalfIo,
  { path, zone = 'UTC' }: { readonly path: string | undefined; readonly zone?: string | undefined },
): Promise<Policy> {
  if (path === undefined) {
    return parse({ id: 'default', zone, files: [{ name: 'default.cedar', text: DEFAULT_POLICY }] })
  }
  const place = resolve(io.cwd, path)
  const files = await readFiles(place)
  return parse({ id: basename(place, ENDING), zone, files })
}

async function readFiles(place: string): Promise<readonly PolicyFile[]> {
  const names = await listFiles(place)
  if (names.length === 0) {
    throw new CommandError(
      'policy_invalid',
      `the policy folder ${place} has no file that ends with ${ENDING}`,
      {
        next: 'write a policy, or copy one of docs/policies',
      },
    )
  }
  return await Promise.all(names.map(readPolicyFile))
}

async function listFiles(place: string): Promise<readonly string[]> {
  try {
    if (!(await stat(place)).isDirectory()) return [place]
    const names = await readdir(place)
    return names.filter((name) => name.endsWith(ENDING)).map((name) => join(place, name))
  } catch (cause) {
    throw unreadable(place, cause)
  }
}

async function readPolicyFile(path: string): Promise<PolicyFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    return { name: basename(path), text: decodeUtf8(bytes) }
  } catch (cause) {
    throw new CommandError('policy_invalid', `the policy file ${path} is not text in UTF-8`, { cause })
  }
}

function unreadable(path: string, cause: unknown): CommandError {
  return new CommandError('policy_invalid', `the policy file ${path} cannot be read`, {
    next: 'check the name and that this account may read it',
    cause,
  })
}

function parse(source: Parameters<typeof parsePolicy>[0]): Policy {
  try {
    return parsePolicy(source)
  } catch (cause) {
    if (!(cause instanceof IssuerError)) throw cause
    const { position } = cause
    throw new CommandError('policy_invalid', cause.message, { cause, document: position && { position } })
  }
}
