import { digestSha256 } from '@behalf/core'
import {
  createBitstring,
  findSuspended,
  type ListChange,
  type ListReference,
  type StatusPurpose,
  signHeartbeat,
  signStatusList,
  writeBit,
} from '@behalf/credential'
import type { Fetch } from '../../src/index.ts'
import { issuer, type Party } from './agents.ts'
import { LIST_URL, NOW } from './chain.ts'

export const HEARTBEAT_URL = 'https://authority.test/status/heartbeat'

/** A timer that runs when it is told to. */
export interface ManualTimer {
  readonly setTimer: (run: () => void, milliseconds: number) => () => void
  /** Pauses that are being waited for. */
  readonly pending: { readonly run: () => void; readonly milliseconds: number }[]
  /** Runs the next one of that length. */
  fire(milliseconds: number): void
}

export function makeTimer(): ManualTimer {
  const pending: { run: () => void; milliseconds: number }[] = []
  return {
    pending,
    setTimer: (run, milliseconds) => {
      const timer = { run, milliseconds }
      pending.push(timer)
      return () => {
        const index = pending.indexOf(timer)
        if (index !== -1) pending.splice(index, 1)
      }
    },
    fire: (milliseconds) => {
      const index = pending.findIndex((timer) => timer.milliseconds === milliseconds)
      const [timer] = pending.splice(index, index === -1 ? 0 : 1)
      if (timer === undefined) throw new Error(`nobody waits ${milliseconds} ms`)
      timer.run()
    },
  }
}

/** What an issuer publishes, by address; tests replace entries by what an attacker would serve. */
export interface StatusServer {
  readonly answers: Map<string, () => Response | Promise<Response>>
  /** Every address that was asked for. */
  readonly asked: string[]
  readonly fetch: Fetch
  /** Signs a list and serves it. Returns its digest. */
  publishList(options?: ListOptions): Promise<string>
  /** Signs a heartbeat and serves it. */
  publishHeartbeat(options?: HeartbeatOptions): Promise<void>
}

export interface ListOptions {
  readonly id?: string
  readonly version?: number
  readonly revoked?: readonly number[]
  readonly signer?: Party
  readonly validUntil?: number
  /** Default: what its address says. */
  readonly purpose?: StatusPurpose
}

export interface HeartbeatOptions {
  readonly epoch?: number
  readonly sequence?: number
  readonly now?: number
  readonly signer?: Party
  readonly revokedKeys?: readonly string[]
  readonly revokedIssuerKeys?: readonly string[]
  /** The lists it names; those that were published last without it. */
  readonly lists?: readonly ListReference[]
  /** What it says was changed last in the list at `LIST_URL`. */
  readonly changes?: readonly ListChange[]
}

export function makeStatusServer(): StatusServer {
  const answers: StatusServer['answers'] = new Map()
  const asked: string[] = []
  const published = new Map<string, { id: string; version: number; digest: string }>()
  let sequence = 0
  return {
    answers,
    asked,
    fetch: async (url, { redirect }) => {
      asked.push(url)
      const answer = answers.get(url)
      if (answer === undefined) return new Response('not here', { status: 404 })
      const response = await answer()
      if (redirect === 'error' && response.status >= 300 && response.status < 304)
        throw new TypeError('redirected')
      return response
    },
    publishList: async (options = {}) => {
      const { id = LIST_URL, version = 1, signer = issuer } = options
      const bits = createBitstring()
      for (const index of options.revoked ?? []) writeBit(bits, index, true)
      const { validUntil = NOW + 3_600_000 } = options
      const { purpose = findSuspended(id) === undefined ? 'revocation' : 'suspension' } = options
      const common = {
        id,
        issuer: signer.did,
        kid: signer.kid,
        purpose,
        bits,
        version,
      } as const
      const jws = await signStatusList({ ...common, now: NOW - 60_000, validUntil, signer: signer.signer })
      const digest = digestSha256(jws)
      published.set(id, { id, version, digest })
      answers.set(id, () => new Response(jws))
      return digest
    },
    publishHeartbeat: async (options = {}) => {
      sequence = options.sequence ?? sequence + 1
      const {
        epoch = 1,
        now = NOW,
        signer = issuer,
        revokedKeys = [],
        revokedIssuerKeys = [],
        lists = [...published.values()],
        changes,
      } = options
      const common = {
        issuer: signer.did,
        kid: signer.kid,
        epoch,
        sequence,
        now,
        lists: lists.map((list) => (changes && list.id === LIST_URL ? { ...list, changes } : list)),
        revokedKeys,
        revokedIssuerKeys,
      }
      const jws = await signHeartbeat({ ...common, signer: signer.signer })
      answers.set(HEARTBEAT_URL, () => new Response(jws))
    },
  }
}
