import { systemRandomBytes } from '@behalf/core'
import {
  createSoftwarePasskey,
  type PasskeyCreationOptions,
  type PasskeyRequestOptions,
  type SoftwarePasskey,
} from '@behalf/credential/software-passkey'
import type { Narrator } from '../narrator.ts'
import { openPageSession, type PageSession } from './page-session.ts'
import type { Person } from './person.ts'

interface Ceremony<Options> {
  readonly ceremony: string
  readonly options: Options
}

interface RequestView {
  readonly version: number
  readonly agent_fingerprint: string
  readonly sentences: readonly string[]
}

interface Prepared {
  readonly approval: string
  readonly sentences: readonly (readonly string[])[]
  readonly options: PasskeyRequestOptions
}

interface Hands {
  readonly tell: Narrator
  readonly page: PageSession
  readonly passkey: SoftwarePasskey
}

const FIVE_MINUTES = 300

/**
 * A program in a person's place: it makes the calls that the page for people makes, with a passkey that is a program
 * and says so, and so does every delegation that it approves.
 *
 * @param claimUrl the address with the one-time code, as the authority printed it
 */
export function createSoftwarePerson(tell: Narrator, authority: string, claimUrl: string): Person {
  const page = openPageSession(authority)
  const passkey = createSoftwarePasskey({ origin: authority, random: systemRandomBytes })
  const hands = { tell, page, passkey }
  return {
    claim: () => claim(hands, new URL(claimUrl).hash.slice(1)),
    decide: ({ id }) => approveLess(hands, id),
    reader: async () => {
      const { url } = await page.post<{ url: string }>('/api/invitations', { id: 'bob', roles: ['approver'] })
      return { id: 'bob', invitation: url }
    },
  }
}

async function claim({ tell, page, passkey }: Hands, code: string): Promise<void> {
  tell.say(
    'Nobody is at a browser here, so a program takes her place. It has a software passkey, and says so.',
  )
  const begun = await page.post<Ceremony<PasskeyCreationOptions>>('/api/claim/options', {
    code,
    id: 'alice',
    name: 'Alice, played by a program',
  })
  await page.post('/api/claim', {
    ceremony: begun.ceremony,
    passkey_name: 'software passkey of the story',
    response: await passkey.register(begun.options),
  })
  tell.say(
    'Alice claimed the authority with the one-time code that it printed at its start, and has a passkey.',
  )
}

async function approveLess({ tell, page, passkey }: Hands, id: string): Promise<void> {
  const begun = await page.post<Ceremony<PasskeyRequestOptions>>('/api/login/options', {})
  const response = await passkey.authenticate(begun.options)
  await page.post('/api/login', { ceremony: begun.ceremony, response })
  const request = await page.get<RequestView>(`/api/requests/${id}`)
  tell.say(`Alice signs in with her passkey and reads (the agent's key is ${request.agent_fingerprint}):`)
  for (const sentence of request.sentences) tell.say(`  ${sentence}`)
  const narrow = { valid_for_seconds: FIVE_MINUTES }
  const prepared = await page.post<Prepared>('/api/approvals', {
    requests: [{ id, version: request.version, narrow }],
  })
  tell.say('She wants less, and approves this instead:')
  const changed = (prepared.sentences[0] ?? []).filter((sentence) => !request.sentences.includes(sentence))
  for (const sentence of changed) tell.say(`  ${sentence}`)
  await page.post(`/api/approvals/${prepared.approval}`, {
    response: await passkey.authenticate(prepared.options),
  })
  tell.say('Her passkey signed a challenge made of exactly these words and terms; the authority checked it.')
}
