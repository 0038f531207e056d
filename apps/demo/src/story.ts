import { setTimeout as wait } from 'node:timers/promises'
import type { AgentProcess } from './agent/agent-process.ts'
import type { Asked, Held, ToolCallOptions } from './agent/protocol.ts'
import type { Narrator } from './narrator.ts'
import type { Person } from './person/person.ts'
import type { Stage } from './stage.ts'
import { playThief } from './thief.ts'

interface Cast {
  readonly stage: Stage
  readonly tell: Narrator
  readonly person: Person
  readonly agent: AgentProcess
  readonly stranger: AgentProcess
  readonly helper: AgentProcess
  readonly agentDid: string
  readonly helperDid: string
}

/** Plays the story from the person's passkey to the revocation. Every request and every refusal in it is real. */
export async function playStory(stage: Stage, tell: Narrator, person: Person): Promise<void> {
  tell.step(1, 'A person takes over the authority')
  await person.claim()
  const cast = await makeWallets(stage, tell, person)
  const asked = await askForDelegation(cast)
  await decideByPolicy(cast)
  await decide(cast, asked)
  const held = await collect(cast, asked)
  if (!held) return
  const request = await callTheApi(cast, held)
  await playThief(cast, held)
  await outlive(cast)
  const exchanged = await delegateOnwards(cast, held)
  const downstream = await callTheTool(cast, held)
  await revoke(cast, held, { hasHelper: exchanged !== undefined, hasTool: downstream !== undefined })
  await tellWhatHappened(cast, downstream ?? request)
  if (exchanged !== undefined) await tellExchange(cast, exchanged)
}

async function makeWallets(stage: Stage, tell: Narrator, person: Person): Promise<Cast> {
  tell.step(2, 'An agent makes a wallet')
  const [agent, stranger, helper] = [stage.agent(), stage.agent(), stage.agent()]
  const wallet = (name: string) => ({
    path: `${stage.folder}/${name}.age`,
    passphraseFile: stage.passphraseFile,
  })
  const [{ did }, , { did: helperDid }] = await Promise.all([
    agent.do('createWallet', wallet('agent')),
    stranger.do('createWallet', wallet('stranger')),
    helper.do('createWallet', wallet('helper')),
  ])
  tell.say(`Its key never leaves the wallet. Its name is its public key: ${did.slice(0, 24)}…`)
  return { stage, tell, person, agent, stranger, helper, agentDid: did, helperDid }
}

interface Question {
  readonly request: Asked
  /** Done when the agent has its delegation; fails when it does not get one. */
  readonly collecting: Promise<Held>
}

async function askForDelegation({ stage, tell, agent }: Cast): Promise<Question> {
  tell.step(3, 'It asks to act for Alice: what, where, how long and why')
  const pending = agent.asked()
  const collecting = agent.do('request', {
    authority: stage.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Sort the new issues of the week',
    workflow: { id: 'triage', run: 'monday' },
    validForSeconds: 600,
    maxDelegationDepth: 1,
    capabilities: [
      { type: 'http', locations: [stage.api], actions: ['GET'], paths: ['/projects/**', '/exports/*'] },
      {
        type: 'http',
        locations: [stage.api],
        actions: ['POST'],
        paths: ['/projects/*/issues/*/comments'],
        constraints: { body: { text: { maxLength: 500 } } },
      },
      {
        type: 'mcp',
        locations: [stage.tools.endpoint],
        actions: ['tools/call'],
        tools: stage.tools.pins,
        constraints: { arguments: { project: { enum: ['ACME'] } } },
      },
    ],
  })
  const request = await Promise.race([pending, collecting.then(() => pending)])
  tell.say(
    'Read and export all of her projects, comment on issues with at most 500 characters, and use one tool of an MCP server for ACME, for ten minutes.',
  )
  tell.say(`It gets a page for a person to decide on: ${request.approvalUrl}`)
  return { request, collecting }
}

async function decideByPolicy({ stage, tell, stranger }: Cast): Promise<void> {
  tell.step(4, 'A policy looks first: refuse, ask a person, or approve what was enrolled before')
  tell.say('Here it says: ask one person.')
  const greedy = stranger.do('request', {
    authority: stage.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Tidy up',
    capabilities: [
      { type: 'http', locations: [stage.api], actions: ['POST'], paths: ['/projects/*/issues/*/close'] },
    ],
  })
  const [, code] = await settle(greedy)
  tell.outcome({ code }, 'another agent wanted to close issues; the policy keeps that for people')
}

async function decide({ tell, person }: Cast, { request, collecting }: Question): Promise<void> {
  tell.step(5, 'A person reads the request in plain words, and may approve less')
  await person.decide(
    request,
    collecting.then(
      () => undefined,
      () => undefined,
    ),
  )
}

/** @returns undefined when the person said no */
async function collect(
  { stage, tell, stranger }: Cast,
  { request, collecting }: Question,
): Promise<Held | undefined> {
  tell.step(6, 'The authority signs the delegation; only the key that asked can collect it')
  const foreign = await stranger.do('collectForeign', { authority: stage.authority, id: request.id })
  tell.outcome(foreign, 'another agent tried to collect it')
  const [held, code] = await settle(collecting)
  if (!held) {
    tell.outcome({ code }, 'the agent asked, and got nothing. That is all it can do, so the story ends here.')
    return undefined
  }
  tell.say(`The agent has it: ${held.id}, until ${new Date(held.validUntil).toISOString()}`)
  tell.say(`It says how it was approved: "${held.approvedBy}".`)
  return held
}

/** @returns the id of the first request */
async function callTheApi({ stage, tell, agent }: Cast, { id }: Held): Promise<string> {
  tell.step(7, 'The agent calls the issue tracker; each request is signed with its key')
  const issues = `${stage.api}/projects/ACME/issues`
  const [comment, long] = ['Looks like a duplicate of number 2.', 'x'.repeat(501)].map((text) => ({ text }))
  const calls = [
    ['GET', issues, undefined, 'lists the issues of ACME'],
    [
      'POST',
      `${issues}/1/comments`,
      comment,
      'comments on issue 1; the tracker notes Alice as author, and which agent wrote',
    ],
    ['POST', `${issues}/1/close`, undefined, 'closing an issue is not in the delegation'],
    ['POST', `${issues}/1/comments`, long, 'a comment of 501 characters'],
    [
      'GET',
      `${stage.api}/projects/ZETA/issues`,
      undefined,
      "wrong account: the delegation would allow it, but Alice's account has no part in ZETA",
    ],
    [
      'GET',
      `${stage.api}/exports/ACME`,
      undefined,
      'exports ACME, for which this API requires that a person approved, not a program',
    ],
  ] as const
  const requests: string[] = []
  for (const [method, url, body, text] of calls) {
    const call = { method, url, delegation: id, ...(body ? { body } : {}) }
    const answer = await agent.do('call', call)
    requests.push(answer.requestId)
    tell.outcome(answer, text)
  }
  return requests[0] ?? ''
}

async function outlive({ stage, tell, agent, agentDid }: Cast): Promise<void> {
  const read = ['--allow', `GET ${stage.api}/projects/**`]
  await stage.asOperator(['enrol', agentDid, '--for', 'alice', ...read, '--max-minutes', '60'])
  const short = await agent.do('request', {
    authority: stage.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Count the open issues',
    validForSeconds: 4,
    capabilities: [{ type: 'http', locations: [stage.api], actions: ['GET'], paths: ['/projects/**'] }],
  })
  const call = { method: 'GET', url: `${stage.api}/projects/ACME/issues`, delegation: short.id }
  const text = 'under a delegation of four seconds, approved by itself: this agent was enrolled for it'
  tell.outcome(await agent.do('call', call), text)
  await wait(short.validUntil - Date.now() + 1000)
  tell.outcome(await agent.do('call', call), 'the same call when the four seconds were over')
}

/** @returns the id of the request with a token; undefined when the person let the agent pass on nothing */
async function delegateOnwards(cast: Cast, held: Held): Promise<string | undefined> {
  const { stage, tell, agent, helper, helperDid } = cast
  tell.step(8, 'The agent gives a helper less than it has: read ACME, for two minutes')
  const issues = '/projects/ACME/issues'
  const [bundle, code] = await settle(
    agent.do('delegate', {
      to: helperDid,
      parent: held.id,
      capabilities: [
        { type: 'http', locations: [stage.api], actions: ['GET'], paths: [issues, `${issues}/*`] },
      ],
      validForSeconds: 120,
    }),
  )
  if (!bundle) {
    tell.outcome({ code }, 'the person did not leave the agent enough to pass on')
    return undefined
  }
  await helper.do('receive', { bundle })
  const read = await helper.do('call', { method: 'GET', url: `${stage.api}${issues}/1` })
  tell.outcome(read, 'the helper reads issue 1 with its own key, under a chain of two delegations')
  const body = { text: 'Me too' }
  const said = await helper.do('call', { method: 'POST', url: `${stage.api}${issues}/1/comments`, body })
  tell.outcome(said, 'the helper wants to comment')
  const token = await helper.do('call', { method: 'GET', url: `${stage.api}${issues}/1`, withToken: true })
  tell.outcome(
    token,
    'it reads with an access token instead, as OAuth knows them: exchanged, and bound to its key',
  )
  return token.requestId
}

/** @returns the id of the server's own request; undefined when the person left the agent too little for that */
async function callTheTool({ stage, tell, agent }: Cast, held: Held): Promise<string | undefined> {
  tell.step(9, 'The agent calls a tool of an MCP server, which calls the issue tracker in turn')
  tell.say(
    'It checks that the tool is still the one that was approved, and passes its server the right it needs.',
  )
  const [found, code] = await settle(agent.do('callTool', toolCall(stage, held)))
  if (found === undefined) {
    tell.outcome({ code }, 'the person did not leave the agent the tool, or nothing to pass on')
    return undefined
  }
  tell.outcome(
    { status: 200 },
    'the tool list_issues; its server asked the tracker with its own key, for Alice',
  )
  const [, refused] = await settle(agent.do('callTool', toolCall(stage, held, 'ZETA')))
  tell.outcome(
    { code: refused },
    'the same tool for ZETA: its arguments are delegated as well, so nothing is signed',
  )
  return found.requestId
}

/** The server may read the issues of the one project, for a minute. */
function toolCall({ api, tools }: Stage, { id }: Held, project = 'ACME'): ToolCallOptions {
  const capability = {
    type: 'http',
    locations: [api],
    actions: ['GET'],
    paths: [`/projects/${project}/issues`],
  } as const
  return {
    endpoint: tools.endpoint,
    tool: 'list_issues',
    args: { project },
    parent: id,
    onward: { to: tools.agent, capabilities: [capability], validForSeconds: 60 },
  }
}

interface Reached {
  readonly hasHelper: boolean
  readonly hasTool: boolean
}

async function revoke(cast: Cast, held: Held, { hasHelper, hasTool }: Reached): Promise<void> {
  const { stage, tell, agent, helper } = cast
  tell.step(10, 'Someone presses revoke')
  await stage.asOperator(['revoke', held.id, '--reason', 'enough for today'])
  const acknowledged = performance.now()
  tell.say('One delegation was revoked. Nobody told the helper, nobody listed what hangs below it.')
  const issue = `${stage.api}/projects/ACME/issues/1`
  const call = { method: 'GET', url: issue }
  const stopped: (readonly [name: string, attempt: () => Promise<Refusal>])[] = [
    ['the agent', () => agent.do('call', { ...call, delegation: held.id })],
  ]
  if (hasHelper) {
    stopped.push(['the helper below it', () => helper.do('call', call)])
    stopped.push(["the helper's access token", () => codeOf(helper.do('call', { ...call, withToken: true }))])
  }
  if (hasTool) stopped.push(['the tool', () => codeOf(agent.do('callTool', toolCall(stage, held)))])
  for (const [name, attempt] of stopped) {
    const last = await attemptUntilRefused(attempt)
    const delay = ((performance.now() - acknowledged) / 1000).toFixed(2)
    tell.outcome(last, `${name}, ${delay} s after the authority confirmed the revocation`)
  }
  const [checked = ''] = await stage.asOperator(['log', 'verify'])
  tell.say(`All of it is on record at the authority, what the API decided too. ${checked}`)
}

/** From one line in an API's log to the person, the words they approved, and what stopped it. */
async function tellWhatHappened({ stage, tell }: Cast, request: string): Promise<void> {
  tell.say(`What was behind the last of these requests to the tracker? behalf trace ${request}`)
  for (const line of await stage.asOperator(['trace', request])) tell.plain(`            ${line}`)
}

async function tellExchange({ stage, tell }: Cast, request: string): Promise<void> {
  tell.say(`Where did the access token come from? One entry of behalf trace ${request}`)
  const entries = (await stage.asOperator(['trace', request])).join('\n').split('\n\n')
  for (const entry of entries.filter((text) => text.includes('exchanged its delegation for a token'))) {
    for (const line of entry.split('\n')) tell.plain(`            ${line}`)
  }
}

interface Refusal {
  readonly status?: number
  /** Undefined when it was no refusal. */
  readonly code: string | undefined
}

/** Goes on until it is refused, which must be within the bound that the API set for the age of status. */
async function attemptUntilRefused(attempt: () => Promise<Refusal>): Promise<Refusal> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const answer = await attempt()
    if (answer.code !== undefined) return answer
    if (performance.now() > deadline) throw new Error('The revocation did not arrive within 30 s')
    await wait(25)
  }
}

/** The code of a refusal that was thrown. */
async function codeOf(attempt: Promise<unknown>): Promise<Refusal> {
  const [, code] = await settle(attempt)
  return { code }
}

/** What was wanted, or the code with which it was refused. */
async function settle<T>(promise: Promise<T>): Promise<readonly [T] | readonly [undefined, string]> {
  try {
    return [await promise]
  } catch (error) {
    if (error instanceof Error && 'code' in error) return [undefined, String(error.code)]
    throw error
  }
}
