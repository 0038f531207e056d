import type { Command } from './command.ts'

/** A command as the table knows it: its code is loaded only when it runs. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<{ readonly command: Command }>
}

/** Every command, in the order of the story: set up, ask, decide, use, hand on, stop, look. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run an authority: it asks people, signs delegations and revokes them',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'operator replace',
    summary: 'replace a lost operator key, while the authority does not run',
    load: () => import('./commands/operator-replace.ts'),
  },
  {
    name: 'operator claim-code',
    summary: 'let a person in again who lost every passkey, while the authority does not run',
    load: () => import('./commands/operator-claim-code.ts'),
  },
  {
    name: 'wallet create',
    summary: 'make a wallet: a new agent key in an encrypted file',
    load: () => import('./commands/wallet-create.ts'),
  },
  {
    name: 'wallet list',
    summary: 'list the wallets of this machine',
    load: () => import('./commands/wallet-list.ts'),
  },
  {
    name: 'wallet show',
    summary: 'show the agent a wallet belongs to and what it holds',
    load: () => import('./commands/wallet-show.ts'),
  },
  {
    name: 'request',
    summary: 'ask an authority for a delegation and wait for the decision',
    load: () => import('./commands/request.ts'),
  },
  {
    name: 'approve',
    summary: 'read what an agent asks for and approve it, all or less',
    load: () => import('./commands/approve.ts'),
  },
  {
    name: 'deny',
    summary: 'refuse what an agent asks for',
    load: () => import('./commands/deny.ts'),
  },
  {
    name: 'enrol',
    summary: 'let an agent have delegations within fixed terms without asking each time',
    load: () => import('./commands/enrol.ts'),
  },
  {
    name: 'call',
    summary: 'send one signed request to an API',
    load: () => import('./commands/call.ts'),
  },
  {
    name: 'mcp proxy',
    summary: 'let an MCP client that signs nothing use a server that wants proof',
    load: () => import('./commands/mcp-proxy.ts'),
  },
  {
    name: 'mcp protect',
    summary: 'put proof in front of an MCP server that knows nothing of it',
    load: () => import('./commands/mcp-protect.ts'),
  },
  {
    name: 'delegate',
    summary: 'hand a narrower part of a delegation to another agent',
    load: () => import('./commands/delegate.ts'),
  },
  {
    name: 'receive',
    summary: 'take in a delegation that another agent handed over',
    load: () => import('./commands/receive.ts'),
  },
  {
    name: 'revoke',
    summary: 'stop a delegation, or an agent, and everything below it',
    load: () => import('./commands/revoke.ts'),
  },
  {
    name: 'suspend',
    summary: 'let a delegation rest, and everything below it, until it is resumed',
    load: () => import('./commands/suspend.ts'),
  },
  {
    name: 'resume',
    summary: 'let a delegation that rests go on',
    load: () => import('./commands/resume.ts'),
  },
  {
    name: 'list',
    summary: 'list the delegations of a wallet, or what an authority has open',
    load: () => import('./commands/list.ts'),
  },
  {
    name: 'status',
    summary: 'say whether an authority answers and how fresh its word is',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'api add',
    summary: 'let an API put its decisions into the log of an authority',
    load: () => import('./commands/api-add.ts'),
  },
  {
    name: 'api list',
    summary: 'list the APIs that may put their decisions on record',
    load: () => import('./commands/api-list.ts'),
  },
  {
    name: 'api remove',
    summary: 'let an API put nothing on record any more',
    load: () => import('./commands/api-remove.ts'),
  },
  {
    name: 'auditor add',
    summary: 'let a key read the records of the log of an authority',
    load: () => import('./commands/auditor-add.ts'),
  },
  {
    name: 'auditor list',
    summary: 'list the keys that may read the log',
    load: () => import('./commands/auditor-list.ts'),
  },
  {
    name: 'auditor remove',
    summary: 'let a key read the log no more',
    load: () => import('./commands/auditor-remove.ts'),
  },
  {
    name: 'token-keys list',
    summary: 'list the keys that sign the access tokens of an authority',
    load: () => import('./commands/token-keys-list.ts'),
  },
  {
    name: 'token-keys rotate',
    summary: 'let the next key sign access tokens, with an overlap',
    load: () => import('./commands/token-keys-rotate.ts'),
  },
  {
    name: 'log verify',
    summary: 'check every record of the log of an authority, and that it only grew',
    load: () => import('./commands/log-verify.ts'),
  },
  {
    name: 'witness',
    summary: 'watch the log of an authority from outside, and sign what was seen',
    load: () => import('./commands/witness.ts'),
  },
  {
    name: 'forget',
    summary: 'make the log of an authority forget who a principal was',
    load: () => import('./commands/forget.ts'),
  },
  {
    name: 'inspect',
    summary: 'decode a delegation, a bundle or a status list and check it offline',
    load: () => import('./commands/inspect.ts'),
  },
  {
    name: 'trace',
    summary:
      'tell what happened to a request, a delegation, an enrolment, an agent or a run, each line with its proof',
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'verify-bundle',
    summary: 'check offline what behalf trace wrote into a file, and tell it',
    load: () => import('./commands/verify-bundle.ts'),
  },
  {
    name: 'policy check',
    summary: 'read a policy as an authority would, and list its rules',
    load: () => import('./commands/policy-check.ts'),
  },
  {
    name: 'policy test',
    summary: 'show what a policy makes of a request, part by part, and why',
    load: () => import('./commands/policy-test.ts'),
  },
]
