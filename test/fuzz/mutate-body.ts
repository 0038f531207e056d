import { type Draft, setLine } from './draft.ts'
import { flipByte } from './mutate-text.ts'
import type { Random } from './random.ts'
import { digestOf } from './sign.ts'

type BodyMutation = (body: Uint8Array, random: Random) => Uint8Array

const BODIES = [
  '',
  '{}',
  '[]',
  '{"x":1}',
  '{"amount":1,"currency":"EUR"}',
  ' ',
  '\u0000',
  '{"x":1}\n',
  '{"x":1',
]
const BODY_MUTATIONS: readonly BodyMutation[] = [
  (_, random) => new Uint8Array(Buffer.from(random.pick(BODIES))),
  (body) => body.subarray(1),
  (body) => Uint8Array.from([...body, 0x20]),
  (body) => Uint8Array.from([0xef, 0xbb, 0xbf, ...body]),
  (body, random) => {
    const changed = body.slice()
    flipByte(changed, random)
    return changed
  },
  (_, random) => random.bytes(random.below(300)),
  (body) => Uint8Array.from([...body, ...body]),
  (_, random) => new Uint8Array(random.chance(0.02) ? 1_048_577 : 5000),
]

/** Somebody on the way changed the body, and perhaps what announces it. */
export function mutateBody(draft: Draft, random: Random): void {
  draft.body = random.pick(BODY_MUTATIONS)(draft.body, random)
  if (random.chance(0.8)) setLine(draft, 'Content-Length', String(draft.body.length))
  if (random.chance(0.2)) setLine(draft, 'Content-Digest', digestOf(draft.body, random.pick(DIGESTS)))
}

const DIGESTS = ['sha256', 'sha512'] as const
