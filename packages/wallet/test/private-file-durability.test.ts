import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { writePrivateFile } from '../src/private-file.ts'

const steps = vi.hoisted((): string[] => [])

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>()
  return {
    ...real,
    open: async (path: string, ...rest: [flags: string, mode?: number]) => {
      const handle = await real.open(path, ...rest)
      const name = path.endsWith('.tmp') ? 'temporary' : 'folder'
      const writeFile = handle.writeFile.bind(handle)
      const sync = handle.sync.bind(handle)
      handle.writeFile = (...data) => {
        steps.push(`write ${name}`)
        return writeFile(...data)
      }
      handle.sync = () => {
        steps.push(`sync ${name}`)
        return sync()
      }
      return handle
    },
    rename: (from: string, to: string) => {
      steps.push('rename')
      return real.rename(from, to)
    },
    link: (from: string, to: string) => {
      steps.push('link')
      return real.link(from, to)
    },
  }
})

test.each([
  [false, 'rename'],
  [true, 'link'],
])(
  'with exclusive %s: content is on disk before the name, and the name before the save resolves',
  async (exclusive, step) => {
    steps.length = 0
    const folder = await mkdtemp(join(tmpdir(), 'behalf-wallet-'))
    const beforeCommit = async (): Promise<void> => {
      steps.push('commit')
    }
    await writePrivateFile(join(folder, 'wallet.age'), new Uint8Array(3), { exclusive, beforeCommit })
    expect(steps).toEqual(['write temporary', 'sync temporary', 'commit', step, 'sync folder'])
    await rm(folder, { recursive: true })
  },
)
