export type { ApprovalDraft, DraftedRoot } from './approval-draft.ts'
export type { ApproveByLoginOptions } from './approve-by-login.ts'
export { type Approver, concernsPerson } from './approver.ts'
export type { ChangeRequestOptions } from './change-request.ts'
export { type AskedTerms, checkTerms, DEFAULT_VALIDITY, type ValidityLimits } from './check-terms.ts'
export type { CollectedDelegation } from './collect-delegation.ts'
export type { CompleteApprovalOptions, GivenAssertion } from './complete-approval.ts'
export { type CreateIssuerOptions, createIssuer, type Issuer } from './create-issuer.ts'
export {
  type CreateTokenIssuerOptions,
  createTokenIssuer,
  type TokenIssuer,
} from './create-token-issuer.ts'
export type { ApproveOptions, DenyOptions } from './decide-request.ts'
export type { Decider, DecidingPerson } from './decider.ts'
export {
  approvalsNeeded,
  type DelegationRequest,
  type KnownCapability,
  type PersonalApproval,
  type PolicyDecision,
  type PolicyEffect,
  type RequestedTerms,
  type RequestStatus,
  requestStatus,
} from './delegation-request.ts'
export type { EnrolOptions } from './enrol-agent.ts'
export type { EnrolledWorkload, EnrolWorkloadOptions } from './enrol-workload.ts'
export { IssuerError, type IssuerErrorCode, type IssuerErrorEvidence } from './error.ts'
export { evaluatePolicy, type PolicyEvaluation, type PolicyVerdict } from './evaluate-policy.ts'
export type { ExchangedToken, ExchangeTokenOptions } from './exchange-token.ts'
export type { IssuerLimits } from './issuer-context.ts'
export type {
  DelegationFilter,
  DelegationRecord,
  Enrolment,
  EnrolmentFilter,
  IssuerEvent,
  IssuerEventType,
  IssuerStore,
  IssuerTransaction,
  ListedDelegation,
  NewIssuerEvent,
  Publication,
  RequestFilter,
  Revocation,
  RevokedKey,
  StatusListName,
  StatusListRecord,
  StatusListState,
  StrangerCounts,
  StrangerFilter,
} from './issuer-store.ts'
export { nameWarnings } from './name-warnings.ts'
export type { Narrowing } from './narrow-terms.ts'
export { type Policy, type PolicySource, parsePolicy } from './policy.ts'
export type { PolicyQuestion } from './policy-call.ts'
export type { PolicyMentions } from './policy-mentions.ts'
export type { PolicyPart } from './policy-parts.ts'
export type { PolicyPosition, PolicyRule } from './policy-rule.ts'
export { POLICY_SCHEMA } from './policy-schema.ts'
export type {
  EnrolmentBounds,
  PrepareApprovalOptions,
  PreparedApproval,
  RequestToApprove,
} from './prepare-approval.ts'
export { STATUS_LIST_LENGTH } from './publish-status.ts'
export type { DelegationQuestion } from './question.ts'
export type { PolicyFile } from './read-policy-file.ts'
export type { ChildRegistration, RegisterChildOptions } from './register-child.ts'
export type { Caller, RevocationReceipt } from './revoke.ts'
export type { PrincipalRevocationReceipt, RevokePrincipalOptions } from './revoke-principal.ts'
export type { RevocationScope, RevokeScopeOptions, ScopeRevocationReceipt } from './revoke-scope.ts'
export type { StatusPosition } from './status-position.ts'
export type { SuspendOptions, SuspensionReceipt } from './suspend.ts'
export { checkText, TEXT_LIMITS } from './text-rule.ts'
export type { TokenSigners } from './token-context.ts'
export type { TokenRecord, TokenRevocation, TokenTransaction } from './token-record.ts'
export { describeWorkload, type Workload, type WorkloadGrant, type WorkloadProof } from './workload.ts'
