import type { Clock } from '@behalf/core'
import type { AskedTerms, DelegationRequest, Issuer, Narrowing } from '@behalf/issuer'
import { ANSWERS } from './answer-schemas.ts'
import {
  approveSchema,
  type BoundsBody,
  changedRequestSchema,
  collectSchema,
  denySchema,
  type NewRequestBody,
  newRequestSchema,
  requestFilterSchema,
} from './body-schemas.ts'
import { defined } from './defined.ts'
import { readId } from './read-input.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from './route.ts'
import { receiptToWire, requestToWire, type WireOptions } from './to-wire.ts'
import { findAgentWorkloads } from './workload/agent-workload.ts'

/** What the signed routes work with. */
export interface SignedContext {
  readonly issuer: Issuer
  readonly origin: string
  readonly clock: Clock
}

/** The routes about requests for delegations. */
export function createRequestRoutes(context: SignedContext): readonly Route[] {
  return [
    createAskRoute(context),
    createChangeRoute(context),
    createCollectRoute(context),
    createListRoute(context),
    createReadRoute(context),
    createApproveRoute(context),
    createDenyRoute(context),
  ]
}

function createAskRoute(context: SignedContext): Route {
  return defineRoute({
    name: 'POST /delegation-requests',
    summary: 'Ask for a delegation to the key that signs this call',
    body: newRequestSchema,
    answers: {
      201: jsonAnswer('It was asked; `status` says whether it is decided already', ANSWERS.receipt),
    },
    run: async (call) => {
      const agent = requireCaller(call).did
      const request = await context.issuer.requestDelegation({ agent, ...readQuestion(call.body) })
      return answerReceipt(context, { status: 201, request })
    },
  })
}

function createChangeRoute(context: SignedContext): Route {
  return defineRoute({
    name: 'PUT /delegation-requests/{id}',
    summary: 'Ask for something else instead, with the key that asked, before it is decided',
    body: changedRequestSchema,
    answers: {
      200: jsonAnswer('It is the next version; `status` says whether it is decided already', ANSWERS.receipt),
    },
    run: async (call) => {
      const request = await context.issuer.changeRequest({
        id: readId(call.param),
        version: call.body.version,
        agent: requireCaller(call).did,
        ...readQuestion(call.body),
      })
      return answerReceipt(context, { status: 200, request })
    },
  })
}

function readQuestion(body: NewRequestBody): AskedTerms & { readonly agentName?: string } {
  return {
    onBehalfOf: defined(body.on_behalf_of),
    capabilities: body.capabilities,
    purpose: body.purpose,
    ...defined({
      validForSeconds: body.valid_for_seconds,
      maxUses: body.max_uses,
      maxDelegationDepth: body.max_delegation_depth,
      agentName: body.agent_name,
      workflow: body.workflow && defined(body.workflow),
    }),
  }
}

function createCollectRoute({ issuer }: SignedContext): Route {
  return defineRoute({
    name: 'POST /delegation-requests/{id}/collect',
    summary: 'Collect the delegation, once it is approved, with the key that asked',
    body: collectSchema,
    answers: {
      200: jsonAnswer('The delegation, its chain and the evidence of its approval', ANSWERS.collected),
    },
    run: async (call) => {
      const agent = requireCaller(call).did
      const { delegation, chain, evidence } = await issuer.collect({ id: readId(call.param), agent })
      return json(200, { delegation, chain, evidence })
    },
  })
}

function createListRoute(context: SignedContext): Route {
  return defineRoute({
    name: 'GET /delegation-requests',
    summary: 'The latest requests, newest first',
    query: requestFilterSchema,
    answers: { 200: jsonAnswer('At most 500', ANSWERS.requests) },
    run: async ({ query }) => {
      const requests = await context.issuer.listRequests(defined(query))
      const workloadOf = await findAgentWorkloads(
        context.issuer,
        requests.map(({ agent }) => agent),
      )
      return json(200, {
        requests: requests.map((request) => ({
          ...requestToWire(request, wireOptions(context)),
          ...workloadOf(request.agent),
        })),
      })
    },
  })
}

function createReadRoute(context: SignedContext): Route {
  return defineRoute({
    name: 'GET /delegation-requests/{id}',
    summary: 'One request, for an operator or the key that asked',
    answers: { 200: jsonAnswer('The request', ANSWERS.request) },
    run: async (call) => {
      const caller = requireCaller(call)
      return answerRequest(context, await context.issuer.readRequest({ id: readId(call.param), caller }))
    },
  })
}

function createApproveRoute(context: SignedContext): Route {
  return defineRoute({
    name: 'POST /delegation-requests/{id}/approve',
    summary: 'Approve a request as asked, or narrower',
    body: approveSchema,
    answers: { 200: jsonAnswer('The request as approved', ANSWERS.request) },
    run: async (call) => {
      const { version, narrow } = call.body
      const request = await context.issuer.approve({
        id: readId(call.param),
        version,
        operator: requireCaller(call).did,
        ...(narrow && { narrow: narrowingFrom(narrow) }),
      })
      return answerRequest(context, request)
    },
  })
}

/** What an approval leaves of a request, as the issuer spells it. */
export function narrowingFrom(narrow: BoundsBody): Narrowing {
  return defined({
    capabilities: narrow.capabilities,
    validForSeconds: narrow.valid_for_seconds,
    maxUses: narrow.max_uses,
    maxDelegationDepth: narrow.max_delegation_depth,
  })
}

function createDenyRoute(context: SignedContext): Route {
  return defineRoute({
    name: 'POST /delegation-requests/{id}/deny',
    summary: 'Refuse a request for good',
    body: denySchema,
    answers: { 200: jsonAnswer('The request as refused', ANSWERS.request) },
    run: async (call) => {
      const { version, reason } = call.body
      const operator = requireCaller(call).did
      const id = readId(call.param)
      return answerRequest(
        context,
        await context.issuer.deny({ id, version, operator, ...defined({ reason }) }),
      )
    },
  })
}

function answerReceipt(
  context: SignedContext,
  { status, request }: { readonly status: 200 | 201; readonly request: DelegationRequest },
): ReturnType<typeof json> {
  const intervalSeconds = context.issuer.pollIntervalSeconds
  return json(status, receiptToWire(request, { ...wireOptions(context), intervalSeconds }))
}

async function answerRequest(
  context: SignedContext,
  request: DelegationRequest,
): Promise<ReturnType<typeof json>> {
  const workloadOf = await findAgentWorkloads(context.issuer, [request.agent])
  return json(200, { ...requestToWire(request, wireOptions(context)), ...workloadOf(request.agent) })
}

function wireOptions({ origin, clock }: SignedContext): WireOptions {
  return { origin, now: clock() }
}
