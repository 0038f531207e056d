import { expect, test } from 'vitest'
import { Random } from '../fuzz/random.ts'
import { type CutDisk, watchDisk } from './support/cut-disk.ts'
import { parseTrace } from './support/parse-trace.ts'

const MADE = '7 openat(AT_FDCWD</>, "/disk/a", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 3</disk/a>'
const WRITTEN = '7 pwrite64(3</disk/a>, "old", 3, 0) = 3'
const KEPT = ['7 fdatasync(3</disk/a>) = 0', '7 fsync(4</disk>) = 0']

/** What the file holds after such calls; undefined when it is not there. */
function read({ files }: CutDisk): string | undefined {
  const bytes = files.get('/disk/a')
  return bytes && new TextDecoder().decode(bytes)
}

function watch(...calls: readonly string[]): ReturnType<typeof watchDisk> {
  const disk = watchDisk('/disk')
  for (const call of parseTrace(calls.join('\n'))) disk.note(call)
  return disk
}

/** What is left of so many power cuts. */
function cutOften(disk: ReturnType<typeof watchDisk>): ReadonlySet<string | undefined> {
  const random = new Random(1, 0)
  return new Set(Array.from({ length: 100 }, () => read(disk.cut(random))))
}

test('what was synced is there after every power cut', () => {
  expect(cutOften(watch(MADE, WRITTEN, ...KEPT))).toEqual(new Set(['old']))
})

test('what was only written is there after some', () => {
  const disk = watch(MADE, WRITTEN, ...KEPT, '7 pwrite64(3</disk/a>, "new", 3, 0) = 3')
  expect(cutOften(disk)).toEqual(new Set(['old', 'new']))
})

test('a call that a kill cut off has written, and has synced nothing', () => {
  const cutOff = ['7 pwrite64(3</disk/a>, "new", 3, 0) = ?', '8 fdatasync(3</disk/a>) = ?']
  const disk = watch(MADE, WRITTEN, ...KEPT, ...cutOff)
  expect(read(disk.kill())).toBe('new')
  expect(cutOften(disk)).toEqual(new Set(['old', 'new']))
})

test('a trace that does not show all that was written is noticed', () => {
  expect(() => watch(MADE, '7 pwrite64(3</disk/a>, "ol"..., 3, 0) = 3')).toThrow('is cut short')
})
