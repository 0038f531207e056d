import { safeText } from './safe-text.ts'

const DECISIONS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    'approve-enrolled': 'It lets an enrolled key have this by itself.',
    ask: 'It asks a person.',
    'ask-one': 'It asks one person.',
    'ask-two': 'It asks two people.',
    refuse: 'It refuses this.',
  }),
)

/** What a policy decided, in a sentence. */
export function decisionWords(decision: string): string {
  return DECISIONS.get(decision) ?? `It said: ${safeText(decision, 60)}.`
}
