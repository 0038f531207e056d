import type { Draft } from './draft.ts'
import { mutateGrammar, randomText } from './mutate-text.ts'
import type { Random } from './random.ts'
import { METHODS, TARGET_PIECES, TARGETS } from './vocabulary.ts'

type TargetMutation = (target: string, random: Random) => string

const TARGET_MUTATIONS: readonly TargetMutation[] = [
  (target, random) => {
    const at = random.below(target.length + 1)
    return target.slice(0, at) + random.pick(TARGET_PIECES) + target.slice(at + random.below(2))
  },
  (target, random) => mutateGrammar(target, random),
  (target, random) => {
    const parts = target.split(/(?=[/?&])/)
    const [moved = ''] = parts.splice(random.below(parts.length), 1)
    parts.splice(random.below(parts.length + 1), random.below(2), moved)
    return parts.join('')
  },
  (target, random) =>
    random.pick(['https://api.test', 'http://api.test', 'https://evil.test', '//api.test', 'api.test']) +
    target,
  (target) => target.split('?')[0] ?? '',
  (target) => `${target}/`,
  (target) => target.slice(1),
  (target, random) =>
    target.replace(/[A-Za-z]/, (letter) =>
      random.chance(0.5) ? letter.toUpperCase() : `%${letter.charCodeAt(0).toString(16)}`,
    ),
  (target, random) => target.replace('?', `/${random.pick(TARGET_PIECES)}?`),
  (target) => `${target}${'/a'.repeat(4090)}`,
  (_, random) => random.pick(TARGETS),
  (_, random) => `/${randomText(random, 200)}`,
]
/** Changes the target. */
export function mutateTarget(draft: Draft, random: Random): void {
  draft.target = random.pick(TARGET_MUTATIONS)(draft.target, random)
}

/** Changes the method. */
export function mutateMethod(draft: Draft, random: Random): void {
  draft.method = random.chance(0.8) ? random.pick(METHODS) : mutateGrammar(draft.method, random)
}
