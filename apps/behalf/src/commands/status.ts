import { type Heartbeat, verifyHeartbeat } from '@behalf/credential'
import { type AuthorityClient, createMemoryWallet } from '@behalf/wallet'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { CommandError } from '../error.ts'
import { ownKeys } from '../issuer-keys.ts'
import { AS_OPERATOR_OPTIONS, AUTHORITY_OPTIONS, chooseAuthority, isOperator } from '../locations.ts'
import type { AnswerDocument } from '../output.ts'
import { PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { plain } from '../plain-text.ts'
import { describeSeconds, formatTime } from '../time-words.ts'
import { openAuthority, surroundings } from '../wallets.ts'

/** APIs refuse when the last heartbeat is older than this, unless they are configured otherwise. */
const MAX_STALENESS_SECONDS = 30

/** `behalf status` */
export const command: Command = {
  usage: '[options]',
  about:
    'Says whether an authority answers, whether it can do its work, and how old its last signed heartbeat is; APIs stop accepting when none comes for 30 s. With --as-operator it counts requests and delegations too.',
  positionals: [],
  options: { ...AS_OPERATOR_OPTIONS, ...AUTHORITY_OPTIONS, ...PASSPHRASE_OPTIONS, ...COMMON_OPTIONS },
  example: 'behalf status --authority https://authority.example.com',
  run: status,
}

interface Condition {
  readonly origin: string
  readonly issuer: string
  readonly ready: boolean
  readonly heartbeat: Heartbeat
  readonly ageSeconds: number
}

async function status(context: CommandContext): Promise<void> {
  const { io, args, output } = context
  const origin = chooseAuthority(io, args)
  const client = isOperator(args)
    ? await openAuthority(context)
    : createMemoryWallet(surroundings(io)).authority(origin)
  const condition = await readCondition(client, io.clock)
  const counts = isOperator(args) ? await countOpen(client) : undefined
  const document = { ...conditionDocument(condition), counts }
  refuseUnfit(condition, document)
  output.answer(document, [
    ...describeCondition(condition),
    ...(counts === undefined
      ? []
      : [
          `Requests open    ${counts.pending_requests}`,
          `Delegations      ${counts.active_delegations} active`,
        ]),
  ])
}

async function readCondition(client: AuthorityClient, clock: () => number): Promise<Condition> {
  if (!(await client.isHealthy())) {
    throw new CommandError(
      'authority_unreachable',
      `${client.origin} answers, but not as an authority that is well`,
    )
  }
  const { issuer, origin } = await client.describe()
  const heartbeat = verifyHeartbeat(await client.heartbeat(), { issuer, issuers: ownKeys, now: clock() })
  const ageSeconds = Math.max(0, Math.round((clock() - heartbeat.time) / 1000))
  return { origin, issuer, ready: await client.isReady(), heartbeat, ageSeconds }
}

async function countOpen(
  client: AuthorityClient,
): Promise<{ readonly pending_requests: number; readonly active_delegations: number }> {
  const pending = await client.listRequests({ status: 'pending' })
  const delegations = await client.listDelegations()
  return {
    pending_requests: pending.length,
    active_delegations: delegations.filter((delegation) => delegation.status === 'active').length,
  }
}

function conditionDocument({ origin, issuer, ready, heartbeat, ageSeconds }: Condition): AnswerDocument {
  return {
    origin,
    issuer,
    healthy: true,
    ready,
    heartbeat: {
      age_seconds: ageSeconds,
      time: formatTime(heartbeat.time),
      epoch: heartbeat.epoch,
      sequence: heartbeat.sequence,
      status_lists: heartbeat.lists.length,
      revoked_keys: heartbeat.revokedKeys.length,
    },
  }
}

function refuseUnfit({ origin, ready, ageSeconds }: Condition, document: AnswerDocument): void {
  if (ageSeconds > MAX_STALENESS_SECONDS) {
    throw new CommandError(
      'status_stale',
      `the last heartbeat of ${origin} is ${describeSeconds(ageSeconds)} old`,
      {
        next: 'look at the log of the authority; check the clocks of both machines',
        document,
      },
    )
  }
  if (!ready) {
    throw new CommandError('status_unavailable', `${origin} runs but cannot do its work`, {
      next: 'look at the log of the authority',
      document,
    })
  }
}

function describeCondition({ origin, issuer, heartbeat, ageSeconds }: Condition): string[] {
  return [
    `Authority        ${plain(origin)} is up and ready`,
    `Issuer           ${plain(issuer)}`,
    `Heartbeat        ${describeSeconds(ageSeconds)} old (number ${heartbeat.sequence} of epoch ${heartbeat.epoch})`,
    `Status lists     ${heartbeat.lists.length}`,
    `Revoked keys     ${heartbeat.revokedKeys.length}`,
  ]
}
