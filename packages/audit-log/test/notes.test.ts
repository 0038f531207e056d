import {
  cosignCheckpoint,
  followCheckpoint,
  NOTHING_SEEN,
  noteKeyId,
  parseNote,
  signCheckpoint,
  verifyCheckpoint,
  verifyCosignature,
} from '@behalf/audit-log'
import { createEd25519Signer, encodeBase64, encodeHex } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { slowProof, slowRoot } from './support/slow-tree.ts'
import { entriesUpTo, key, ORIGIN, signer } from './support/test-log.ts'

const other = createEd25519Signer(new Uint8Array(32).fill(9))
const witnessKey = { name: 'witness.test/w', publicKey: other.publicKey }
const signed = (size: number, by = signer): Promise<string> =>
  signCheckpoint({ origin: ORIGIN, size, root: slowRoot(entriesUpTo(size)) }, by)
const refused = { name: 'AuditLogError', code: 'audit_proof_invalid' }

describe('a checkpoint', () => {
  test('is a signed note of three lines, and comes back as it was', async () => {
    const note = await signed(5)
    const root = encodeBase64(slowRoot(entriesUpTo(5)))
    expect(note).toMatch(
      /^authority\.test\/log\n5\n[A-Za-z0-9+/]{43}=\n\n\u2014 authority\.test\/log [A-Za-z0-9+/]+=*\n$/u,
    )
    expect(note).toContain(`\n${root}\n`)
    expect(verifyCheckpoint(note, key)).toMatchObject({ origin: ORIGIN, size: 5 })
  })

  test('has the key id that the specification says', () => {
    // SHA-256(name, 0x0A, 0x01, public key), the first four bytes; computed with another implementation of SHA-256.
    expect(encodeHex(noteKeyId(key, 'ed25519'))).toBe('7fe8d3f1')
    expect(noteKeyId(key, 'ed25519')).not.toEqual(noteKeyId(key, 'cosignature'))
  })

  test('any other byte is refused', async () => {
    const note = await signed(5)
    const bytes = Buffer.from(note)
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
      expect(
        catchError(() => verifyCheckpoint(changed.toString(), key)),
        `byte ${place}`,
      ).toMatchObject(refused)
    }
  })

  test.each([
    ['nothing', () => ''],
    ['no signature', (note: string) => note.slice(0, note.indexOf('\u2014'))],
    ['no line end', (note: string) => note.slice(0, -1)],
    ['a control character', (note: string) => `\u0007${note}`],
    ['half a character', (note: string) => `\ud800${note}`],
    ['the same signature twice', (note: string) => note + note.slice(note.indexOf('\u2014'))],
    ['seventeen signatures', (note: string) => note + '\u2014 x AAAAAAA=\n'.repeat(16)],
    ['a signature of three bytes', (note: string) => `${note}\u2014 x AAAA\n`],
    ['a signature with unused bits', (note: string) => `${note}\u2014 x AAAAAAF=\n`],
    ['a megabyte', (note: string) => 'x'.repeat(1_000_000) + note],
  ])('%s is refused', async (_name, change) => {
    expect(catchError(() => verifyCheckpoint(change(''.concat(note5)), key))).toMatchObject(refused)
  })

  test.each([
    ['a size with a leading zero', `${ORIGIN}\n05\n`],
    ['a size beyond what a number holds', `${ORIGIN}\n9007199254740993\n`],
    ['a negative size', `${ORIGIN}\n-1\n`],
    ['a short root', `${ORIGIN}\n5\nAAAA\n`],
    ['a root that is not base64', `${ORIGIN}\n5\n!\n`],
    ['another origin', 'other.test/log\n5\n'],
    ['nothing but an origin', `${ORIGIN}\n`],
  ])('%s is refused although the key of the log signed it', async (_name, beginning) => {
    const root = `${encodeBase64(slowRoot(entriesUpTo(5)))}\n`
    const note = await signText(beginning.split('\n').length === 3 ? beginning + root : beginning)
    expect(catchError(() => verifyCheckpoint(note, key))).toMatchObject(refused)
  })

  test('an extension line does no harm', async () => {
    const root = encodeBase64(slowRoot(entriesUpTo(5)))
    const note = await signText(`${ORIGIN}\n5\n${root}\nextension\n`)
    expect(verifyCheckpoint(note, key).size).toBe(5)
  })

  test('of another key under the same name is refused', async () => {
    expect(catchError(() => verifyCheckpoint(note5, { ...key, publicKey: other.publicKey }))).toMatchObject(
      refused,
    )
  })

  test('a name of two words or with a plus sign can name no key', () => {
    for (const name of ['two words', 'a+b', '', 'é']) {
      expect(() => noteKeyId({ ...key, name }, 'ed25519')).toThrow(TypeError)
    }
  })
})

describe('a cosignature', () => {
  const cosign = async (): Promise<string> => {
    const { note } = verifyCheckpoint(note5, key)
    return cosignCheckpoint(note, { name: witnessKey.name, signer: other, time: 1_796_126_400 })
  }

  test('says when the witness saw the checkpoint, beside the signature of the log', async () => {
    const note = await cosign()
    expect(verifyCosignature(note, witnessKey)).toBe(1_796_126_400)
    expect(verifyCheckpoint(note, key).size).toBe(5)
    expect(parseNote(note).signatures.map(({ name }) => name)).toEqual([ORIGIN, witnessKey.name])
  })

  test('any other byte of it is refused', async () => {
    const note = await cosign()
    const from = Buffer.byteLength(note.slice(0, note.lastIndexOf(' ') + 1))
    for (let place = from; place < Buffer.byteLength(note) - 1; place += 1) {
      const changed = Buffer.from(note)
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
      expect(
        catchError(() => verifyCosignature(changed.toString(), witnessKey)),
        `byte ${place}`,
      ).toMatchObject(refused)
    }
  })

  test('a signature without its time, and one of a time no number holds, are refused', async () => {
    const { note } = verifyCheckpoint(note5, key)
    const { text } = note
    const keyId = noteKeyId(witnessKey, 'cosignature')
    for (const time of [[], [255, 255, 255, 255, 255, 255, 255, 255]]) {
      const line = `\u2014 ${witnessKey.name} ${encodeBase64(Uint8Array.from([...keyId, ...time, 1]))}\n`
      expect(catchError(() => verifyCosignature(`${text}\n${line}`, witnessKey))).toMatchObject(refused)
    }
  })
})

describe('following a log', () => {
  const seen = (size: number) => ({ size, root: slowRoot(entriesUpTo(size)) })
  const show = async (size1: number, size2: number) => ({
    checkpoint: await signed(size2),
    proof: size1 === 0 ? [] : slowProof(size1, entriesUpTo(size2)),
  })

  test('a log that grows is believed, from nothing seen on', async () => {
    expect(followCheckpoint(NOTHING_SEEN, await show(0, 5), key).size).toBe(5)
    expect(followCheckpoint(seen(5), await show(5, 9), key).size).toBe(9)
    expect(followCheckpoint(seen(9), await show(9, 9), key).size).toBe(9)
  })

  test('a log that became shorter is a fork', async () => {
    expect(catchError(() => followCheckpoint(seen(9), shorter, key))).toMatchObject({ code: 'audit_fork' })
  })

  test('a log that was written anew is a fork, whether it grew or not', async () => {
    const rewritten = { size: 5, root: slowRoot(entriesUpTo(6).slice(1)) }
    const same = await show(5, 5)
    expect(catchError(() => followCheckpoint(rewritten, same, key))).toMatchObject({ code: 'audit_fork' })
    const grown = await show(5, 9)
    expect(catchError(() => followCheckpoint(rewritten, grown, key))).toMatchObject({ code: 'audit_fork' })
  })

  test('a checkpoint nobody signed is not a fork, it is nothing', async () => {
    const forged = { checkpoint: await signed(4, other), proof: [] }
    expect(catchError(() => followCheckpoint(seen(9), forged, key))).toMatchObject(refused)
  })
})

const note5 = await signed(5)
const shorter = { checkpoint: await signed(4), proof: [] }

/** A note of any text, under the key and the name of the log. */
async function signText(text: string): Promise<string> {
  const signature = await signer.sign(new TextEncoder().encode(text))
  const line = Buffer.concat([noteKeyId(key, 'ed25519'), signature]).toString('base64')
  return `${text}\n\u2014 ${ORIGIN} ${line}\n`
}

function catchError(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
