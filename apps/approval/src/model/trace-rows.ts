import {
  isAccepted,
  isRequest,
  isRevocation,
  listOf,
  memberOf,
  type ProvenEntry,
  textOf,
  type VerifiedTrace,
} from '@behalf/authority/trace'
import type { NamesView } from '../api/log-views.ts'
import { decisionWords } from '../words/decision-words.ts'
import { agentWords, personWords } from '../words/name-words.ts'
import { safeText } from '../words/safe-text.ts'
import type { PictureRow } from './picture-row.ts'

/** Requests with one delegation that are drawn by themselves. */
const MAX_REQUESTS = 8

interface Box extends Pick<PictureRow, 'key' | 'name' | 'sub' | 'status'> {
  readonly isRequest: boolean
  readonly below: Box[]
}

interface Drawing {
  readonly trace: VerifiedTrace
  readonly names: NamesView
  readonly tops: Box[]
  /** The boxes of delegations, by their ids. */
  readonly delegations: Map<string, Box>
  /** The first box of each agent's delegations, by its DID. */
  readonly agents: Map<string, Box>
  /** The boxes of enrolments, by their ids. */
  readonly enrolments: Map<string, Box>
}

/**
 * Returns the boxes of a trace, each below what led to it: who approved, what the policy decided, the delegation and
 * those that were passed on from it, the requests that were made with each, and what stopped them. The key of a box is
 * the index of the entry that it stands for.
 */
export function layoutTrace(trace: VerifiedTrace, names: NamesView): readonly PictureRow[] {
  const drawing: Drawing = {
    trace,
    names,
    tops: [],
    delegations: new Map(),
    agents: new Map(),
    enrolments: new Map(),
  }
  for (const entry of trace.entries) draw(drawing, entry)
  return flatten(drawing.tops, 0, undefined, 0)
}

function draw(drawing: Drawing, entry: ProvenEntry): void {
  const { record } = entry
  if (record.type === 'issued') drawRoot(drawing, entry)
  if (record.type === 'sub_delegated')
    drawDelegation(drawing, entry, drawing.delegations.get(textOf(record.parent)))
  if (isRequest(record)) drawRequest(drawing, entry)
  if (isRevocation(record)) drawRevocation(drawing, entry)
}

/** A person, the policy, the delegation; what the log does not tell is left out. */
function drawRoot(drawing: Drawing, entry: ProvenEntry): void {
  const { trace, names } = drawing
  const about = trace.entries.filter(({ record }) => record.request === entry.record.request)
  let above: Box | undefined
  for (const { index, record } of about.filter(({ record: { type } }) => type === 'approved')) {
    const isUnasked = record.method === 'enrolment'
    if (isUnasked) above = drawEnrolment(drawing, textOf(record.by))
    const name = personWords(record.by, names) ?? (isUnasked ? 'Nobody was asked' : 'Approved')
    above = put(drawing, above, {
      index,
      name,
      sub: `approved (${safeText(textOf(record.method), 40)})`,
      status: 'active',
    })
  }
  for (const { index, record } of about.filter(({ record: { type } }) => type === 'policy_decided')) {
    const name = `Policy ${safeText(memberOf(record.policy, 'id') ?? '', 80)}`
    above = put(drawing, above, {
      index,
      name,
      sub: decisionWords(textOf(record.decision)),
      status: 'expired',
    })
  }
  drawDelegation(drawing, entry, above)
}

/** Whoever let an agent have something unasked; drawn once, however much it had. */
function drawEnrolment(drawing: Drawing, id: string): Box | undefined {
  const { trace, names, enrolments } = drawing
  const known = enrolments.get(id)
  const entry = trace.entries.find(
    ({ record: { type, enrolment } }) => type === 'enrolled' && enrolment === id,
  )
  if (known !== undefined || entry === undefined) return known
  const { index, record } = entry
  const [runs, issuer] = ['subject', 'issuer'].map((name) => memberOf(record.workload, name))
  const told =
    runs === undefined
      ? { name: personWords(record.by, names) ?? 'An operator', sub: 'let it have this unasked' }
      : {
          name: `Workload ${safeText(runs, 120)}`,
          sub: `let have this unasked, by the word of ${safeText(issuer ?? '', 120)}`,
        }
  const box = put(drawing, undefined, { index, ...told, status: 'active' })
  enrolments.set(id, box)
  return box
}

function drawDelegation(drawing: Drawing, { index, record }: ProvenEntry, above: Box | undefined): void {
  const { name, key } = agentWords(record.subject, drawing.names)
  const box = put(drawing, above, { index, name, sub: `may act · ${key}`, status: 'active' })
  drawing.delegations.set(textOf(record.delegation), box)
  const agent = textOf(record.subject)
  if (!drawing.agents.has(agent)) drawing.agents.set(agent, box)
}

function drawRequest(drawing: Drawing, { index, record }: ProvenEntry): void {
  const name = safeText(`${textOf(record.method)} ${textOf(record.path)}`.trim() || 'A request', 200)
  const isThrough = isAccepted(record)
  const sub = isThrough ? 'accepted' : `refused: ${safeText(textOf(record.code), 60)}`
  const above = drawing.delegations.get(textOf(listOf(record.delegations).at(-1)))
  put(drawing, above, { index, name, sub, status: isThrough ? 'active' : 'revoked', isRequest: true })
}

function drawRevocation(drawing: Drawing, { index, record }: ProvenEntry): void {
  const by = personWords(record.by, drawing.names) ?? 'an operator'
  const isPause = record.type === 'suspended'
  const isOne = isPause || record.type === 'delegation_revoked'
  const above = isOne
    ? drawing.delegations.get(textOf(record.delegation))
    : drawing.agents.get(textOf(record.subject))
  const one = isPause ? 'Suspended, with all below it' : 'Revoked, with all below it'
  const name = isOne ? one : 'Stopped'
  put(drawing, above, { index, name, sub: `by ${by}`, status: isPause ? 'suspended' : 'revoked' })
}

function put(
  { tops }: Drawing,
  above: Box | undefined,
  told: Pick<Box, 'name' | 'sub' | 'status'> & { readonly index: number; readonly isRequest?: boolean },
): Box {
  const { index, isRequest = false, ...words } = told
  const box: Box = { ...words, key: String(index), isRequest, below: [] }
  ;(above?.below ?? tops).push(box)
  return box
}

function flatten(
  boxes: readonly Box[],
  depth: number,
  parent: number | undefined,
  first: number,
): readonly PictureRow[] {
  const rows: PictureRow[] = []
  for (const { key, name, sub, status, below } of shorten(boxes)) {
    const place = first + rows.length
    rows.push({ key, depth, parent, name, sub, status })
    rows.push(...flatten(below, depth + 1, place, place + 1))
  }
  return rows
}

/** One box stands for the requests that are too many to draw. */
function shorten(boxes: readonly Box[]): readonly Box[] {
  const [next, ...others] = boxes.filter(({ isRequest }) => isRequest).slice(MAX_REQUESTS)
  if (next === undefined) return boxes
  const more = others.length + 1
  const rest: Box = { ...next, name: `${more} more`, sub: 'requests, in the list below', status: 'expired' }
  const left = new Set(others)
  return boxes.flatMap((box) => (box === next ? [rest] : left.has(box) ? [] : [box]))
}
