import type { Issuer, RevocationReceipt, RevocationScope, SuspensionReceipt } from '@behalf/issuer'
import { z } from '@hono/zod-openapi'
import type { AuthenticatedCaller } from './access.ts'
import { ANSWERS } from './answer-schemas.ts'
import {
  eventFilterSchema,
  newChildSchema,
  type RevocationBody,
  revocationSchema,
  type SuspensionBody,
} from './body-schemas.ts'
import { defined } from './defined.ts'
import { AuthorityError } from './error.ts'
import { readDigest, readId } from './read-input.ts'
import type { SignedContext } from './request-routes.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from './route.ts'
import { delegationToWire, eventToWire, revocationToWire, suspensionToWire } from './to-wire.ts'
import { findAgentWorkloads } from './workload/agent-workload.ts'

/** The routes about delegations, their revocation, and the record of everything. */
export function createDelegationRoutes(context: SignedContext): readonly Route[] {
  return [
    createListRoute(context),
    createReadRoute(context),
    createChildRoute(context),
    createRevocationRoute(context),
    createEventsRoute(context),
    createPolicyRoute(context),
  ]
}

function createListRoute({ issuer, origin, clock }: SignedContext): Route {
  return defineRoute({
    name: 'GET /delegations',
    summary: 'The latest delegations, newest first',
    answers: { 200: jsonAnswer('At most 500', ANSWERS.delegations) },
    run: async () => {
      const now = clock()
      const delegations = await issuer.listDelegations()
      const workloadOf = await findAgentWorkloads(
        issuer,
        delegations.map(({ subject }) => subject),
      )
      return json(200, {
        delegations: delegations.map((delegation) => ({
          ...delegationToWire(delegation, { origin, now }),
          ...workloadOf(delegation.subject),
        })),
      })
    },
  })
}

function createReadRoute({ issuer }: SignedContext): Route {
  return defineRoute({
    name: 'GET /delegations/{id}',
    summary: 'A delegation that was issued here, as it was signed, and what shows how it was approved',
    answers: {
      200: jsonAnswer('Both; neither of a child, whose delegator signs it', ANSWERS.issuedDelegation),
    },
    run: async ({ param }) => {
      const id = readId(param)
      const delegation = await issuer.findDelegation(id)
      if (!delegation) throw new AuthorityError('not_found', 'There is no such delegation')
      const { issued } = delegation
      return json(200, { id, ...(issued && { credential: issued.jws, evidence: issued.evidence }) })
    },
  })
}

function createChildRoute({ issuer }: SignedContext): Route {
  return defineRoute({
    name: 'POST /delegations/{id}/children',
    summary: 'Register a child delegation before signing it',
    body: newChildSchema,
    answers: { 201: jsonAnswer('The status entry to put into the child', ANSWERS.child) },
    run: async (call) => {
      const { chain, child } = call.body
      const caller = requireCaller(call).did
      const delegationId = readId(call.param)
      const { credentialStatus } = await issuer.registerChild({ caller, delegationId, chain, child })
      return json(201, { credentialStatus: { ...credentialStatus } })
    },
  })
}

function createRevocationRoute({ issuer }: SignedContext): Route {
  return defineRoute({
    name: 'POST /revocations',
    summary:
      'Revoke a delegation with everything below it, an agent key, a key of the issuer, or everything of a principal, a workflow or a run; or let a delegation rest (`suspend`) and go on (`resume`)',
    body: revocationSchema,
    answers: {
      200: jsonAnswer('It is stored and published', z.union([ANSWERS.revocation, ANSWERS.suspension])),
    },
    run: async (call) => {
      const { body } = call
      const caller = requireCaller(call)
      const reason = defined({ reason: body.reason })
      if ('delegation' in body) {
        const receipt = await issuer.revokeDelegation({ id: readId(body.delegation), caller, ...reason })
        return json(200, revocationToWire(receipt))
      }
      const operator = requireOperator(caller)
      if ('suspend' in body || 'resume' in body) {
        return json(200, suspensionToWire(await suspendAs(operator, body, issuer)))
      }
      return json(200, revocationToWire(await revokeAs(operator, body, { issuer, reason })))
    },
  })
}

async function suspendAs(operator: string, body: SuspensionBody, issuer: Issuer): Promise<SuspensionReceipt> {
  const decision = { operator, ...defined({ reason: body.reason }) }
  return 'suspend' in body
    ? issuer.suspendDelegation({ id: readId(body.suspend), ...decision })
    : issuer.resumeDelegation({ id: readId(body.resume), ...decision })
}

async function revokeAs(
  operator: string,
  body: Exclude<RevocationBody, SuspensionBody | { readonly delegation: string }>,
  { issuer, reason }: { readonly issuer: Issuer; readonly reason: { readonly reason?: string } },
): Promise<RevocationReceipt> {
  if ('agent' in body) return issuer.revokeKey({ agent: body.agent, operator, ...reason })
  if ('issuer_key' in body) return issuer.revokeIssuerKey({ kid: body.issuer_key, operator, ...reason })
  return issuer.revokeScope({ scope: readScope(body), operator, ...reason })
}

function readScope(
  body: Extract<RevocationBody, { readonly principal: object } | { readonly workflow: object }>,
): RevocationScope {
  if ('principal' in body) return { principal: body.principal.id }
  const { id, run } = body.workflow
  return { workflow: { id, ...defined({ run }) } }
}

function requireOperator(caller: AuthenticatedCaller): string {
  if (caller.operator) return caller.did
  throw new AuthorityError('forbidden', 'Only an operator may do this')
}

function createEventsRoute({ issuer }: SignedContext): Route {
  return defineRoute({
    name: 'GET /events',
    summary: 'The append-only record, in order',
    query: eventFilterSchema,
    answers: { 200: jsonAnswer('At most 500 after `after`', ANSWERS.events) },
    run: async ({ query }) => {
      const events = await issuer.listEvents({ after: Number(query.after ?? 0) })
      return json(200, { events: events.map(eventToWire) })
    },
  })
}

function createPolicyRoute({ issuer }: SignedContext): Route {
  return defineRoute({
    name: 'GET /policies/{digest}',
    summary: 'What a policy said that applies now or did so before, by the digest that delegations carry',
    answers: { 200: jsonAnswer('The policy with the text of its files', ANSWERS.policy) },
    run: async ({ param }) => {
      const digest = readDigest(param)
      const document = await issuer.findPolicy(digest)
      if (!document) throw new AuthorityError('not_found', 'There was no such policy')
      return json(200, { digest, document })
    },
  })
}
