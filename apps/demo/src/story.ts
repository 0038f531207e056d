import { setTimeout as wait } from 'node:timers/promises'
import type { AgentProcess } from './agent/agent-process.ts'
import type { Asked, Held } from './agent/protocol.ts'
import type { Narrator } from './narrator.ts'
import type { Stage } from './stage.ts'
import { playThief } from './thief.ts'

interface Cast {
  readonly stage: Stage
  readonly tell: Narrator
  readonly agent: AgentProcess
  readonly stranger: AgentProcess
  readonly agentDid: string
}

/** Plays the story from the agent's wallet to the revocation. Every request and every refusal in it is real. */
export async function playStory(stage: Stage, tell: Narrator): Promise<void> {
  const cast = await makeWallets(stage, tell)
  const asked = await askForDelegation(cast)
  await decideByPolicy(cast)
  await approve(cast, asked.request)
  const held = await collect(cast, asked)
  await callTheApi(cast, held)
  await playThief(cast, held)
  await outlive(cast)
  const helper = await delegateOnwards(cast, held)
  await revoke(cast, held, helper)
}

async function makeWallets(stage: Stage, tell: Narrator): Promise<Cast> {
  tell.step(1, 'An agent makes a wallet')
  const [agent, stranger] = [stage.agent(), stage.agent()]
  const wallet = (name: string) => ({
    path: `${stage.folder}/${name}.age`,
    passphraseFile: stage.passphraseFile,
  })
  const [{ did }] = await Promise.all([
    agent.do('createWallet', wallet('agent')),
    stranger.do('createWallet', wallet('stranger')),
  ])
  tell.say(`Its key never leaves the wallet. Its name is its public key: ${did.slice(0, 24)}…`)
  return { stage, tell, agent, stranger, agentDid: did }
}

async function askForDelegation({
  stage,
  tell,
  agent,
}: Cast): Promise<{ request: Asked; collecting: Promise<Held> }> {
  tell.step(2, 'It asks to act for Alice: what, where, how long and why')
  const pending = agent.asked()
  const collecting = agent.do('request', {
    authority: stage.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Sort the new issues of the week',
    workflow: { id: 'triage', run: 'monday' },
    validForSeconds: 600,
    maxDelegationDepth: 1,
    capabilities: [
      { type: 'http', locations: [stage.api], actions: ['GET'], paths: ['/projects/**'] },
      {
        type: 'http',
        locations: [stage.api],
        actions: ['POST'],
        paths: ['/projects/*/issues/*/comments'],
        constraints: { body: { text: { maxLength: 500 } } },
      },
    ],
  })
  const request = await Promise.race([pending, collecting.then(() => pending)])
  tell.say('Read all of her projects, comment on issues with at most 500 characters, for ten minutes.')
  tell.say(`It gets a page for a person to decide on: ${request.approvalUrl}`)
  return { request, collecting }
}

async function decideByPolicy({ stage, tell, stranger }: Cast): Promise<void> {
  tell.step(3, 'A policy looks first: refuse, ask a person, or approve what was enrolled before')
  tell.say('Here it says: ask one person.')
  const greedy = stranger.do('request', {
    authority: stage.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Tidy up',
    capabilities: [
      { type: 'http', locations: [stage.api], actions: ['POST'], paths: ['/projects/*/issues/*/close'] },
    ],
  })
  const code = await codeOf(greedy)
  tell.refused(undefined, code, 'another agent wanted to close issues; the policy keeps that for people')
}

async function approve({ stage, tell }: Cast, { id }: Asked): Promise<void> {
  tell.step(4, 'A person reads the request in plain words and approves less: five minutes, not ten')
  for (const line of await stage.asOperator(['approve', id, '--minutes', '5', '--yes'])) tell.say(`  ${line}`)
  tell.say('Approved from the terminal by the operator (the delegation says so: approval method "operator").')
}

async function collect(
  { stage, tell, stranger }: Cast,
  { request, collecting }: { request: Asked; collecting: Promise<Held> },
): Promise<Held> {
  tell.step(5, 'The authority signs the delegation; only the key that asked can collect it')
  const { code } = await stranger.do('collectForeign', { authority: stage.authority, id: request.id })
  tell.refused(404, code, 'another agent tried to collect it')
  const held = await collecting
  tell.say(`The agent has it: ${held.id}, until ${new Date(held.validUntil).toISOString()}`)
  return held
}

async function callTheApi({ stage, tell, agent }: Cast, held: Held): Promise<void> {
  tell.step(6, 'The agent calls the issue tracker; each request is signed with its key')
  const issues = `${stage.api}/projects/ACME/issues`
  const listed = await agent.do('call', { method: 'GET', url: issues, tool: 'list_issues' })
  tell.accepted(listed.status, `listed the issues of ACME (request ${listed.requestId})`)
  const body = { text: 'Looks like a duplicate of number 2.' }
  const said = await agent.do('call', { method: 'POST', url: `${issues}/1/comments`, body, tool: 'comment' })
  tell.accepted(said.status, 'commented on issue 1; the tracker notes Alice as author, and which agent wrote')
  const refused = [
    ['POST', `${issues}/1/close`, undefined, 'closing an issue is not in the delegation'],
    ['POST', `${issues}/1/comments`, { text: 'x'.repeat(501) }, 'a comment of 501 characters'],
    [
      'GET',
      `${stage.api}/projects/ZETA/issues`,
      undefined,
      "wrong account: the delegation would allow it, but Alice's account has no part in ZETA",
    ],
  ] as const
  for (const [method, url, content, text] of refused) {
    const answer = await agent.do('call', {
      method,
      url,
      delegation: held.id,
      ...(content ? { body: content } : {}),
    })
    tell.refused(answer.status, answer.code ?? 'ok', text)
  }
}

async function outlive({ stage, tell, agent, agentDid }: Cast): Promise<void> {
  const read = ['--allow', `GET ${stage.api}/projects/**`]
  await stage.asOperator(['enrol', agentDid, '--for', 'alice', ...read, '--max-minutes', '60'])
  const short = await agent.do('request', {
    authority: stage.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Count the open issues',
    validForSeconds: 2,
    capabilities: [{ type: 'http', locations: [stage.api], actions: ['GET'], paths: ['/projects/**'] }],
  })
  const call = { method: 'GET', url: `${stage.api}/projects/ACME/issues`, delegation: short.id }
  const before = await agent.do('call', call)
  tell.accepted(
    before.status,
    'under a delegation of two seconds, approved by itself: this agent was enrolled for it',
  )
  await wait(short.validUntil - Date.now() + 1000)
  const after = await agent.do('call', call)
  tell.refused(after.status, after.code ?? 'ok', 'the same call when the two seconds were over')
}

async function delegateOnwards({ stage, tell, agent }: Cast, held: Held): Promise<AgentProcess> {
  tell.step(7, 'The agent gives a helper less than it has: read ACME, for two minutes')
  const helper = stage.agent()
  const path = `${stage.folder}/helper.age`
  const { did } = await helper.do('createWallet', { path, passphraseFile: stage.passphraseFile })
  const issues = '/projects/ACME/issues'
  const bundle = await agent.do('delegate', {
    to: did,
    parent: held.id,
    capabilities: [
      { type: 'http', locations: [stage.api], actions: ['GET'], paths: [issues, `${issues}/*`] },
    ],
    validForSeconds: 120,
  })
  await helper.do('receive', { bundle })
  const read = await helper.do('call', { method: 'GET', url: `${stage.api}${issues}/1` })
  tell.accepted(read.status, 'the helper read issue 1 with its own key, under a chain of two delegations')
  const body = { text: 'Me too' }
  const said = await helper.do('call', { method: 'POST', url: `${stage.api}${issues}/1/comments`, body })
  tell.refused(said.status, said.code ?? 'ok', 'the helper wanted to comment')
  return helper
}

async function revoke({ stage, tell, agent }: Cast, held: Held, helper: AgentProcess): Promise<void> {
  tell.step(8, 'Someone presses revoke')
  await stage.asOperator(['revoke', held.id, '--reason', 'enough for today'])
  const acknowledged = performance.now()
  tell.say('One delegation was revoked. Nobody told the helper, nobody listed what hangs below it.')
  const issue = `${stage.api}/projects/ACME/issues/1`
  const roles = [
    ['the agent', agent, held.id],
    ['the helper below it', helper, undefined],
  ] as const
  for (const [name, who, delegation] of roles) {
    const last = await callUntilRefused(who, {
      method: 'GET',
      url: issue,
      ...(delegation ? { delegation } : {}),
    })
    const delay = ((performance.now() - acknowledged) / 1000).toFixed(2)
    tell.refused(
      last.status,
      last.code ?? 'ok',
      `${name}, ${delay} s after the authority confirmed the revocation`,
    )
  }
}

/** Calls until the answer is a refusal, which it must be within the bound that the API set for the age of status. */
async function callUntilRefused(
  agent: AgentProcess,
  call: { readonly method: string; readonly url: string; readonly delegation?: string },
): Promise<{ readonly status: number; readonly code: string | undefined }> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const answer = await agent.do('call', call)
    if (answer.status !== 200) return answer
    if (performance.now() > deadline) throw new Error('The revocation did not arrive within 30 s')
    await wait(25)
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'ok'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
