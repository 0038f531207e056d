export {
  ACCESS_TOKEN_TYPE,
  MAX_ACCESS_TOKEN_BYTES,
  MAX_ACCESS_TOKEN_SECONDS,
  signAccessToken,
  type VerifyAccessTokenOptions,
  verifyAccessToken,
} from './access-token.ts'
export {
  type AccessTokenClaims,
  serializeAccessTokenClaims,
  type TokenPrincipal,
  type TokenStatusReference,
} from './access-token-claims.ts'
export { fingerprintAgent } from './agent-fingerprint.ts'
export {
  type ApprovedEnrolment,
  type ApprovedTerms,
  approvedPart,
  createApprovalChallenge,
} from './approval-challenge.ts'
export {
  type ApprovalAssertion,
  type ApprovalEvidence,
  type ApprovalStatement,
  type ApprovedRequest,
  createApprovalEvidence,
  digestApprovalEvidence,
  MAX_EVIDENCE_BYTES,
  parseApprovalAssertion,
  parseApprovalEvidence,
} from './approval-evidence.ts'
export { type Coverage, coversCapabilities } from './attenuation.ts'
export {
  type Authorization,
  authorize,
  type HttpAccess,
  type McpAccess,
  type McpPreparation,
} from './authorize.ts'
export { createBitstring, readBit, writeBit } from './bitstring.ts'
export {
  type Capability,
  type HttpCapability,
  type McpCapability,
  parseCapabilities,
  serializeCapabilities,
  type UnknownCapability,
} from './capability.ts'
export {
  type ChainTimeOptions,
  checkChainTime,
  checkRootIssuer,
  type IssuerKeys,
  MAX_CHAIN_LINKS,
  type ParsedChain,
  parseDelegationChain,
  type VerifiedChain,
  type VerifyDelegationChainOptions,
  verifyDelegationChain,
} from './chain.ts'
export { digestDelegationChain } from './chain-digest.ts'
export { checkAttenuation } from './chain-link.ts'
export type { Constraints, ValueConstraints } from './constraint.ts'
export { CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT, DELEGATION_CONTEXT_URL } from './context.ts'
export { formatDateTime } from './date-time.ts'
export { type Delegation, MAX_CHAIN_BYTES, parseDelegation } from './delegation.ts'
export type {
  ApprovalMethod,
  ApprovalReference,
  DelegationSubject,
  OnBehalfOf,
  ParentReference,
  PolicyReference,
  Workflow,
} from './delegation-subject.ts'
export { APPROVAL_METHODS } from './delegation-subject.ts'
export { describeCapability } from './describe-capability.ts'
export { createDpopNonces, type DpopNonces, type DpopNoncesOptions } from './dpop-nonce.ts'
export {
  type CreateDpopProofOptions,
  createDpopProof,
  DPOP_AHEAD_SECONDS,
  DPOP_MAX_AGE_SECONDS,
  type DpopProof,
  hashAccessToken,
  type VerifyDpopProofOptions,
  verifyDpopProof,
} from './dpop-proof.ts'
export {
  CredentialError,
  type CredentialErrorCode,
  type CredentialErrorOptions,
  type WebauthnErrorCode,
} from './error.ts'
export {
  type Heartbeat,
  type ListReference,
  type SignHeartbeatOptions,
  signHeartbeat,
  type VerifyHeartbeatOptions,
  verifyHeartbeat,
} from './heartbeat.ts'
export { type CompactJws, parseCompactJws, signCompactJws } from './jws.ts'
export { findListChange, type ListChange } from './list-change.ts'
export {
  formatMessageStatement,
  type MessageStatement,
  parseMessageStatement,
} from './message-statement.ts'
export {
  type PasskeyAssertion,
  type VerifyPasskeyAssertionOptions,
  verifyPasskeyAssertion,
} from './passkey-assertion.ts'
export { renderApproval } from './render-approval.ts'
export { CURRENT_RENDERER, type RenderedDelegation, renderDelegation } from './render-delegation.ts'
export {
  createDelegationPayload,
  type DelegationTerms,
  signDelegation,
} from './sign-delegation.ts'
export { SOFTWARE_PASSKEY_AAGUID } from './software-passkey-aaguid.ts'
export type { StatusEntry } from './status-entry.ts'
export {
  changeStatusList,
  checkDelegationStatus,
  findSuspended,
  type SignStatusListOptions,
  type StatusList,
  type StatusLists,
  type StatusPurpose,
  signStatusList,
  suspensionListUrl,
  type VerifyStatusListOptions,
  verifyStatusList,
} from './status-list.ts'
export { readLocalTime, type TimeWindow, type Weekday } from './time-window.ts'
export { tokenKeyId } from './token-key-id.ts'
export { describeTokenLinks, type TokenLink } from './token-links.ts'
export type { TokenKeys } from './token-signature.ts'
export {
  type SignTokenStatusListOptions,
  signTokenStatusList,
  type TokenStatusList,
  type VerifyTokenStatusListOptions,
  verifyTokenStatusList,
} from './token-status-list.ts'
export {
  type BitsPerStatus,
  createTokenStatuses,
  readTokenStatus,
  TOKEN_STATUS,
  type TokenStatuses,
  writeTokenStatus,
} from './token-statuses.ts'
export type { Scalar, ValueConstraint } from './value-constraint.ts'
export {
  type VerifiedApproval,
  type VerifiedApprovalEvidence,
  type VerifyApprovalEvidenceOptions,
  verifyApprovalEvidence,
} from './verify-approval-evidence.ts'
