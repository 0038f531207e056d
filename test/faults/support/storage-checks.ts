import { type VerifiedCheckpoint, verifyCheckpoint, verifyConsistency } from '@behalf/audit-log'
import { decodeBase64 } from '@behalf/core'
import {
  findSuspended,
  parseDelegation,
  type StatusList,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import { type Did, decodeDidKey } from '@behalf/did'
import type { AuthorityClient } from '@behalf/wallet'
import { check, checkEqual } from '../experiment.ts'
import type { Acknowledged, IssuedDelegation } from './storage-deeds.ts'

/** What an authority published, verified. */
export interface Published {
  readonly sequence: number
  /** Of every list, those of suspensions too, by its URL. */
  readonly versions: ReadonlyMap<string, number>
  /** Those of revocations. */
  readonly lists: ReadonlyMap<string, StatusList>
}

/** What was ever seen of an authority: nothing of it may go back. */
export interface Seen {
  published: Published
  readonly checkpoints: VerifiedCheckpoint[]
}

/** Nothing was seen yet. */
export function nothingSeen(): Seen {
  return { published: { sequence: 0, versions: new Map(), lists: new Map() }, checkpoints: [] }
}

/** The heartbeat and every list of revocations that it names, each as it was signed. */
export async function readPublished(client: AuthorityClient, issuer: Did): Promise<Published> {
  const reading = { issuer, issuers: () => decodeDidKey(issuer), now: Date.now() }
  const heartbeat = verifyHeartbeat(await client.heartbeat(), reading)
  const lists = new Map<string, StatusList>()
  for (const { id, version, digest } of heartbeat.lists) {
    if (findSuspended(id) !== undefined) continue
    const list = verifyStatusList(await client.statusList(Number(id.split('/').at(-1))), { ...reading, id })
    checkEqual([list.version, list.digest], [version, digest], 'the heartbeat names the list that is served')
    lists.set(id, list)
  }
  const versions = new Map(heartbeat.lists.map(({ id, version }) => [id, version]))
  return { sequence: heartbeat.sequence, versions, lists }
}

/** Heartbeat, lists and log go on where they were when they were seen last. */
export async function checkForward(client: AuthorityClient, issuer: Did, seen: Seen): Promise<void> {
  await checkPublished(client, issuer, seen)
  await checkLog(client, issuer, seen)
}

/** Heartbeat and lists do. */
export async function checkPublished(client: AuthorityClient, issuer: Did, seen: Seen): Promise<void> {
  const published = await readPublished(client, issuer)
  const before = seen.published
  check(published.sequence >= before.sequence, 'the sequence of heartbeats never decreases')
  for (const [id, version] of before.versions) {
    check((published.versions.get(id) ?? 0) >= version, 'the version of a list never decreases')
  }
  seen.published = published
}

/** The log does. */
export async function checkLog(client: AuthorityClient, issuer: Did, seen: Seen): Promise<void> {
  const head = readCheckpoint(await client.logCheckpoint(), issuer)
  const last = seen.checkpoints.at(-1)
  if (last) await checkConsistent(client, last, head)
  seen.checkpoints.push(head)
}

/** A checkpoint that the authority signed. */
export function readCheckpoint(note: string, issuer: Did): VerifiedCheckpoint {
  return verifyCheckpoint(note, { name: issuer, publicKey: decodeDidKey(issuer) })
}

/** The log begins with what a checkpoint spoke of. */
export async function checkConsistent(
  client: AuthorityClient,
  older: VerifiedCheckpoint,
  head: VerifiedCheckpoint,
): Promise<void> {
  check(older.size <= head.size, 'the log never shrinks')
  if (older.size === 0) return
  const proof = await client.proveConsistency({ from: older.size, to: head.size })
  verifyConsistency({
    size1: older.size,
    root1: older.root,
    size2: head.size,
    root2: head.root,
    proof: proof.map(decodeBase64),
  })
}

/** What is looked at again: all of it, or what was acknowledged last. */
export interface KeptOptions {
  readonly issuer: Did
  readonly last?: number
}

/** Everything that was acknowledged is there. */
export async function checkKept(
  client: AuthorityClient,
  acknowledged: Acknowledged,
  { issuer, last = Number.POSITIVE_INFINITY }: KeptOptions,
): Promise<void> {
  const { lists, sequence } = await readPublished(client, issuer)
  for (const { delegation, sequence: told } of acknowledged.revoked) {
    const { statusListCredential, statusListIndex } = delegation.status
    const isRevoked = lists.get(statusListCredential)?.isSet(Number(statusListIndex)) === true
    check(isRevoked, `a revocation that was acknowledged is in the list that is served: ${delegation.id}`)
    check(sequence >= told, 'a heartbeat that was told of is not the future')
  }
  for (const id of latest(acknowledged.approved, last)) {
    checkEqual((await client.getRequest(id)).status, 'approved', 'an approval that was acknowledged')
  }
  for (const { jws } of latest(acknowledged.issued, last)) {
    const { credential } = await client.readDelegation(parseDelegation(jws).id)
    check(credential === jws, 'a delegation that was handed out is the one that is kept')
  }
  await checkReported(client, latest(acknowledged.reported, last), issuer)
}

async function checkReported(
  client: AuthorityClient,
  reported: Acknowledged['reported'],
  issuer: Did,
): Promise<void> {
  const head = readCheckpoint(await client.logCheckpoint(), issuer)
  for (const { requestId, index, checkpoint } of reported) {
    const entries = await client.listLogEntries({ about: `request:${requestId}` })
    checkEqual(
      entries.map((entry) => entry.index),
      [index],
      'a record that was acknowledged is in the log, once, where it was said to be',
    )
    await checkConsistent(client, readCheckpoint(checkpoint, issuer), head)
  }
}

/** No place of a status list was given to two delegations. */
export function checkPlaces(issued: readonly IssuedDelegation[]): void {
  const places = issued.map(({ jws }) => parseDelegation(jws).status.id)
  checkEqual(new Set(places).size, places.length, 'no place of a status list is given twice')
}

function latest<Element>(all: readonly Element[], count: number): Element[] {
  return all.slice(-Math.min(count, all.length))
}
