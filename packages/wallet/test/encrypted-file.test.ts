import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeUtf8 } from '@behalf/core'
import { Decrypter, Encrypter } from 'age-encryption'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEncryptedFile, writeEncryptedFile } from '../src/encrypted-file.ts'
import { decryptWithPassphrase, encryptWithPassphrase, readWorkFactor } from '../src/passphrase-encryption.ts'
import { readPrivateFile, writePrivateFile } from '../src/private-file.ts'
import { expectRefusal } from './support/expect-refusal.ts'

const SECRET = encodeUtf8('thirty-two bytes of a secret key')
const OPTIONS = { passphrase: 'correct horse battery staple', workFactor: 12 }

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'behalf-wallet-'))
  path = join(folder, 'wallet.age')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('an encrypted file', () => {
  test('gives back what was written', async () => {
    await writeEncryptedFile(path, SECRET, OPTIONS)
    expect(await readEncryptedFile(path, OPTIONS)).toEqual(SECRET)
  })

  test('is replaced as a whole and leaves nothing beside it', async () => {
    await writeEncryptedFile(path, encodeUtf8('first'), OPTIONS)
    await writeEncryptedFile(path, SECRET, OPTIONS)
    expect(await readEncryptedFile(path, OPTIONS)).toEqual(SECRET)
    expect(await readdir(folder)).toEqual(['wallet.age'])
  })

  test('belongs to its owner alone, whatever mode the one it replaces had', async () => {
    await writeFile(path, 'old', { mode: 0o644 })
    await writeEncryptedFile(path, SECRET, OPTIONS)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('holds no byte of the secret or the passphrase', async () => {
    await writeEncryptedFile(path, SECRET, OPTIONS)
    const text = (await readFile(path)).toString('latin1')
    expect(text).not.toContain('thirty-two')
    expect(text).not.toContain('horse')
  })

  test('is an ordinary age file, with the work factor that was asked for', async () => {
    await writeEncryptedFile(path, SECRET, { ...OPTIONS, workFactor: 13 })
    const file = new Uint8Array(await readFile(path))
    const decrypter = new Decrypter()
    decrypter.addPassphrase(OPTIONS.passphrase)
    expect(await decrypter.decrypt(file)).toEqual(SECRET)
    expect(readWorkFactor(file)).toBe(13)
  })

  test('has work factor 16 unless told otherwise', async () => {
    expect(readWorkFactor(await encryptWithPassphrase(SECRET, { passphrase: 'p' }))).toBe(16)
  })

  test('with `exclusive` never replaces anything', async () => {
    await writeEncryptedFile(path, SECRET, { ...OPTIONS, exclusive: true })
    await expectRefusal(
      writeEncryptedFile(path, encodeUtf8('b'), { ...OPTIONS, exclusive: true }),
      'keystore_exists',
    )
    expect(await readEncryptedFile(path, OPTIONS)).toEqual(SECRET)
    expect(await readdir(folder)).toEqual(['wallet.age'])
  })
})

describe('a wrong passphrase', () => {
  test('is told from a damaged file', async () => {
    await writeEncryptedFile(path, SECRET, OPTIONS)
    await expectRefusal(readEncryptedFile(path, { passphrase: 'wrong' }), 'keystore_auth_failed')
  })

  test('that is empty is a wrong argument, when writing and when reading', async () => {
    await expect(writeEncryptedFile(path, SECRET, { passphrase: '' })).rejects.toThrow(TypeError)
    await writeEncryptedFile(path, SECRET, OPTIONS)
    await expect(readEncryptedFile(path, { passphrase: '' })).rejects.toThrow(TypeError)
  })
})

describe('a damaged file', () => {
  test('is refused at every length it could be cut to', async () => {
    const file = await encryptWithPassphrase(SECRET, OPTIONS)
    for (let length = 0; length < file.length; length += 1) {
      await expectRefusal(
        decryptWithPassphrase(file.subarray(0, length), OPTIONS.passphrase),
        'keystore_corrupt',
      )
    }
  })

  test('is refused with any bit of its payload or header MAC changed', async () => {
    const file = await encryptWithPassphrase(SECRET, OPTIONS)
    const mac = indexOf(file, '\n--- ') + 5
    for (let position = mac; position < file.length; position += 7) {
      const changed = file.slice()
      changed[position] = (changed[position] ?? 0) ^ 1
      await expectRefusal(decryptWithPassphrase(changed, OPTIONS.passphrase), 'keystore_corrupt')
    }
  })

  test('is refused with anything appended', async () => {
    const file = await encryptWithPassphrase(SECRET, OPTIONS)
    await expectRefusal(
      decryptWithPassphrase(Uint8Array.from([...file, 0]), OPTIONS.passphrase),
      'keystore_corrupt',
    )
  })

  test('is refused without trust in a changed salt or wrapped key', async () => {
    const file = await encryptWithPassphrase(SECRET, OPTIONS)
    const salt = indexOf(file, '-> scrypt ') + 10
    const wrapped = indexOf(file, ' 12\n') + 4
    for (const position of [salt, wrapped]) {
      const changed = file.slice()
      changed[position] = changed[position] === 0x41 ? 0x42 : 0x41
      await expectRefusal(decryptWithPassphrase(changed, OPTIONS.passphrase), 'keystore_auth_failed')
    }
  })

  test('is refused when it is no age file at all', async () => {
    await writeFile(path, 'not an age file', { mode: 0o600 })
    await expectRefusal(readEncryptedFile(path, OPTIONS), 'keystore_corrupt')
  })

  test('is refused when it is encrypted to a key instead of a passphrase', async () => {
    const encrypter = new Encrypter()
    encrypter.addRecipient('age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p')
    const file = await encrypter.encrypt(SECRET)
    await expectRefusal(decryptWithPassphrase(file, OPTIONS.passphrase), 'keystore_corrupt')
  })
})

describe('the work factor', () => {
  // A factor of 30 would cost a terabyte: this test ends only because no work is spent on it.
  test.each(['1', '11', '21', '30', '012', '1e1', '999999999999'])(
    '%s in a file is refused unread',
    async (factor) => {
      const file = await encryptWithPassphrase(SECRET, OPTIONS)
      const text = Buffer.from(file).toString('latin1').replace(' 12\n', ` ${factor}\n`)
      const changed = new Uint8Array(Buffer.from(text, 'latin1'))
      await expectRefusal(decryptWithPassphrase(changed, OPTIONS.passphrase), 'keystore_corrupt')
    },
  )

  test.each([11, 21, 12.5, Number.NaN])('%s is a wrong argument when writing', async (workFactor) => {
    await expect(encryptWithPassphrase(SECRET, { passphrase: 'p', workFactor })).rejects.toThrow(TypeError)
  })

  test('of a file encrypted by another tool within the bounds is accepted', async () => {
    const encrypter = new Encrypter()
    encrypter.setPassphrase(OPTIONS.passphrase)
    encrypter.setScryptWorkFactor(14)
    expect(await decryptWithPassphrase(await encrypter.encrypt(SECRET), OPTIONS.passphrase)).toEqual(SECRET)
  })
})

describe('the size of a file', () => {
  test('is bounded when writing and when reading', async () => {
    const large = new Uint8Array(16 * 1024 * 1024)
    await expect(encryptWithPassphrase(large, OPTIONS)).rejects.toThrow(TypeError)
    await writePrivateFile(path, new Uint8Array(11))
    await expectRefusal(readPrivateFile(path, 10), 'keystore_corrupt')
  })
})

describe('the path', () => {
  test('must name something', async () => {
    await expectRefusal(readEncryptedFile(path, OPTIONS), 'keystore_missing')
  })

  test('that is a symbolic link is neither read nor written', async () => {
    const real = join(folder, 'real.age')
    await writeEncryptedFile(real, SECRET, OPTIONS)
    await symlink(real, path)
    await expectRefusal(readEncryptedFile(path, OPTIONS), 'input_invalid')
    await expectRefusal(writeEncryptedFile(path, encodeUtf8('b'), OPTIONS), 'input_invalid')
    await expectRefusal(
      writeEncryptedFile(path, encodeUtf8('b'), { ...OPTIONS, exclusive: true }),
      'input_invalid',
    )
    expect(await readEncryptedFile(real, OPTIONS)).toEqual(SECRET)
  })

  test('that is a dangling symbolic link is not written through', async () => {
    await symlink(join(folder, 'elsewhere'), path)
    await expectRefusal(writeEncryptedFile(path, SECRET, OPTIONS), 'input_invalid')
    expect(await readdir(folder)).toEqual(['wallet.age'])
  })

  test('that is a folder is neither read nor written', async () => {
    await mkdir(path)
    await expectRefusal(readEncryptedFile(path, OPTIONS), 'input_invalid')
    await expectRefusal(writeEncryptedFile(path, SECRET, OPTIONS), 'input_invalid')
  })

  test.each([0o640, 0o604, 0o620, 0o602, 0o601, 0o610])('with mode %o is not read', async (mode) => {
    await writeEncryptedFile(path, SECRET, OPTIONS)
    await chmod(path, mode)
    await expectRefusal(readEncryptedFile(path, OPTIONS), 'keystore_insecure')
  })

  test('may be readable only', async () => {
    await writeEncryptedFile(path, SECRET, OPTIONS)
    await chmod(path, 0o400)
    expect(await readEncryptedFile(path, OPTIONS)).toEqual(SECRET)
  })
})

describe('a save that fails half-way', () => {
  test('leaves the old file whole and nothing beside it', async () => {
    await writePrivateFile(path, encodeUtf8('old'))
    const failure = new Error('the disk is gone')
    const save = writePrivateFile(path, encodeUtf8('new'), { beforeCommit: () => Promise.reject(failure) })
    await expect(save).rejects.toBe(failure)
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['wallet.age'])
  })

  test('has written nothing to the old file before the commit: a second name still shows the old content', async () => {
    await writePrivateFile(path, encodeUtf8('old'))
    const second = join(folder, 'second')
    await link(path, second)
    await writePrivateFile(path, encodeUtf8('new'))
    expect(await readFile(second, 'utf8')).toBe('old')
    expect(await readFile(path, 'utf8')).toBe('new')
  })

  test('never follows a temporary name that somebody prepared', async () => {
    const random = (length: number): Uint8Array => new Uint8Array(length)
    const temporary = join(folder, `.wallet.age.${'00'.repeat(8)}.tmp`)
    await writeFile(join(folder, 'victim'), 'untouched')
    await symlink(join(folder, 'victim'), temporary)
    await expect(writePrivateFile(path, encodeUtf8('new'), { random })).rejects.toThrow()
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('untouched')
  })
})

function indexOf(file: Uint8Array, text: string): number {
  return Buffer.from(file).toString('latin1').indexOf(text)
}
