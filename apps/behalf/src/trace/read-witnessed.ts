import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Did } from '@behalf/did'
import { parseAgentDid } from '../agent-did.ts'
import { CommandError, usageError } from '../error.ts'
import type { BehalfIo } from '../io.ts'

/** A checkpoint that a witness keeps, as it was read. */
export interface ReadCheckpoint {
  readonly witness: Did
  /** A signed note, of which nothing is verified. */
  readonly note: string
}

const MAX_NOTE_BYTES = 65_536
const TIMEOUT_MS = 10_000

/**
 * Reads what a witness keeps, from where a person said that it is.
 *
 * @param spelled - `DID=PLACE`; the place is a file, or an address at which it is served
 * @throws CommandError `usage_invalid`, `input_invalid`, `not_found`
 */
export async function readWitnessed(io: BehalfIo, spelled: string): Promise<ReadCheckpoint> {
  const [did = '', ...rest] = spelled.split('=')
  const place = rest.join('=')
  if (place === '') throw usageError('--witness needs a key and a place', 'write --witness did:key:…=FILE')
  const witness = parseAgentDid(did)
  try {
    const note = /^https?:\/\//u.test(place) ? await fetchNote(io, place) : await readNote(io, place)
    return { witness, note }
  } catch (cause) {
    throw new CommandError('not_found', `the checkpoint of the witness at ${place} cannot be read`, {
      next: 'it is the file that behalf witness keeps in its folder, or the address where that is served',
      cause,
    })
  }
}

async function readNote({ cwd }: BehalfIo, path: string): Promise<string> {
  return bounded(await readFile(resolve(cwd, path), 'utf8'))
}

async function fetchNote(io: BehalfIo, url: string): Promise<string> {
  const response = await io.fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (response.ok) return bounded(await response.text())
  throw new Error(`it answered with ${response.status}`)
}

function bounded(text: string): string {
  if (text.length <= MAX_NOTE_BYTES) return text
  throw new Error('it is larger than any checkpoint')
}
