import { createEd25519Signer, encodeBase64url, systemClock, systemRandomBytes } from '@behalf/core'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { DELEGATION_TAG, signMessage } from '@behalf/http-signature'
import type { AgentProcess } from './agent/agent-process.ts'
import type { CapturedRequest, Held } from './agent/protocol.ts'
import type { Narrator } from './narrator.ts'
import type { Stage } from './stage.ts'

interface Scene {
  readonly stage: Stage
  readonly tell: Narrator
  readonly agent: AgentProcess
}

/** Somebody has copied all that the agent sends: its requests and its delegation, but not its key. */
export async function playThief({ stage, tell, agent }: Scene, held: Held): Promise<void> {
  const issues = `${stage.api}/projects/ACME/issues`
  const { sent } = await agent.do('call', { method: 'GET', url: issues, delegation: held.id })
  await tellAnswer(tell, await send(sent), 'a thief sent a copied request again')
  const body = { text: 'Thanks, will do' }
  const signed = await agent.do('sign', {
    method: 'POST',
    url: `${issues}/1/comments`,
    body,
    delegation: held.id,
  })
  const changed = { ...signed, body: JSON.stringify({ text: 'Please wire the money' }) }
  await tellAnswer(tell, await send(changed), 'a thief changed the body of a request under way')
  await tellAnswer(
    tell,
    await send(await forge(sent)),
    "a thief used the agent's delegation with a key of his own",
  )
}

async function tellAnswer(tell: Narrator, answer: Response, text: string): Promise<void> {
  const { code } = (await answer.json()) as { code?: string }
  tell.outcome({ status: answer.status, code }, text)
}

function send({ url, method, headers, body }: CapturedRequest): Promise<Response> {
  return fetch(url, {
    method,
    headers: headers.map(([name, value]) => [name, value]),
    ...(body ? { body } : {}),
  })
}

/** The same request with the same delegation, signed anew by a key that is not the agent's. */
async function forge(request: CapturedRequest): Promise<CapturedRequest> {
  const signer = createEd25519Signer(systemRandomBytes(32))
  const { origin, pathname, search } = new URL(request.url)
  const fields = request.headers.filter(([name]) => !/^(signature(-input)?|agent-context)$/iu.test(name))
  const now = Math.floor(systemClock() / 1000)
  const { signatureInput, signature } = await signMessage(
    { kind: 'request', method: request.method, origin, target: pathname + search, fields },
    {
      signer,
      label: 'sig',
      components: ['@method', '@target-uri', 'signature-key'],
      created: now,
      expires: now + 60,
      nonce: encodeBase64url(systemRandomBytes(16)),
      keyid: encodeDidKeyUrl(encodeDidKey(signer.publicKey)),
      tag: DELEGATION_TAG,
    },
  )
  const headers = [...fields, ['Signature-Input', signatureInput], ['Signature', signature]] as const
  return { ...request, headers }
}
