const METHODS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    operator: 'An operator said yes at a terminal; no passkey signed it.',
    enrolment: 'Nobody was asked: the agent was allowed these terms by itself before.',
    login: 'Somebody who was signed in said yes; no passkey signed it.',
    'software-passkey': 'A software passkey of a demo or a test signed it: no person is proven by it.',
  }),
)

/** What a way of approving is worth, where it is no person's own passkey. */
export function methodWords(method: string): string | undefined {
  return METHODS.get(method)
}
