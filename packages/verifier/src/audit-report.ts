import type { AuditOutcome, AuditRecord } from './audit-sink.ts'

/**
 * The JSON of a record as an authority takes it at `POST /audit/records`.
 *
 * @param entry see `AuditRecord`
 */
export function serializeAuditReport(entry: AuditRecord): string {
  const { requestId, time, decision, code, method, origin, path, agent, principal, delegations } = entry
  const { policy, workflow, context, call, traceparent, awaitsOutcome, evidence } = entry
  return JSON.stringify({
    time: new Date(time).toISOString(),
    request_id: requestId,
    decision,
    code,
    method,
    origin,
    path,
    agent,
    principal: principal && { issuer: principal.issuer, id: principal.id },
    delegations,
    policy,
    workflow,
    context,
    call,
    traceparent,
    outcome: awaitsOutcome && 'follows',
    evidence: evidence && {
      credentials: evidence.credentials,
      signature_base: evidence.signatureBase,
      signature: evidence.signature,
      heartbeat: evidence.heartbeat,
    },
  })
}

/**
 * The JSON of what became of an accepted request, as an authority takes it at `POST /audit/records`.
 *
 * @param entry see `AuditOutcome`
 */
export function serializeOutcomeReport(entry: AuditOutcome): string {
  const { requestId, time, origin, status, isCutOff, principal, root } = entry
  return JSON.stringify({
    time: new Date(time).toISOString(),
    request_id: requestId,
    decision: 'answered',
    origin,
    status,
    cut_off: isCutOff ? true : undefined,
    principal: principal && { issuer: principal.issuer, id: principal.id },
    root,
  })
}
