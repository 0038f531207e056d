export type { AgentContext } from './agent-context.ts'
export { answerClientErrors } from './answer-client-errors.ts'
export type { AuditOutbox, WaitingReport } from './audit-outbox.ts'
export type { AuditOutcome, AuditRecord, AuditSink, RequestEvidence } from './audit-sink.ts'
export type { Fetch } from './capped-fetch.ts'
export { type ClockGuardOptions, guardClock } from './clock-guard.ts'
export { type AuditShipper, type AuditShipperOptions, createAuditShipper } from './create-audit-shipper.ts'
export {
  createStatusSource,
  type PollingStatusSource,
  type StatusSourceOptions,
} from './create-status-source.ts'
export { createEitherVerifier, type EitherVerifierParts } from './either-verifier.ts'
export { endsByItself, type OwnEnd } from './end-with-chain.ts'
export {
  type RefusalEvidence,
  VerifierError,
  type VerifierErrorCode,
  type VerifierErrorOptions,
} from './error.ts'
export { type ReportFault, reportFaultToConsole } from './fault.ts'
export type { GuardOptions, ProofGuardOptions } from './guard-settings.ts'
export { type ClientAction, HTTP_FAILURES, type HttpFailure, type ProblemExtension } from './http-failure.ts'
export type { HumanApprovalOptions, RequiredHumanApproval } from './human-approval.ts'
export type { BodyLimits, IncomingRequest, ReadBody } from './incoming-request.ts'
export { didKeyIssuerKeys } from './issuer-keys.ts'
export {
  createKeyRequestVerifier,
  type KeyRequestVerifier,
  type KeyRequestVerifierOptions,
  type VerifiedKeyRequest,
} from './key-request-verifier.ts'
export { forgetSignal } from './live-chains.ts'
export type { MapPrincipal } from './map-account.ts'
export type { IncomingMessage, MessageProtocol, ProvenMessage, ReadMessage } from './message-protocol.ts'
export { createMessageVerifier, type MessageVerifier } from './message-verifier.ts'
export type { MessageVerifierOptions } from './message-verifier-settings.ts'
export {
  type Observation,
  type ReportObservation,
  reportObservationToConsole,
} from './observation.ts'
export { type AddressOptions, dangerouslyAllowUnencryptedHttp } from './origin.ts'
export type { StatusIssuer } from './poll-issuer.ts'
export { type ProblemResponse, type ProblemResponseOptions, toProblemResponse } from './problem-response.ts'
export type { ProvenChain, ProvenLink } from './proven-chain.ts'
export {
  createMemoryReplayStore,
  type MemoryReplayStore,
  type MemoryReplayStoreOptions,
  type NonceClaim,
  type ReplayStore,
} from './replay-store.ts'
export type { ObservingGuard, RefusalAnswers, RequestGuard } from './request-guard.ts'
export type {
  AllowedRequest,
  ProtocolCall,
  ProvenHolder,
  ProvenRequest,
  RequestProtocol,
} from './request-protocol.ts'
export {
  createRequestVerifier,
  type RequestObserver,
  type RequestObserverOptions,
  type RequestVerifier,
  type RequestVerifierOptions,
} from './request-verifier.ts'
export type { SendFetch } from './send-audit-reports.ts'
export type { StatusMark, StatusSnapshot, StatusSource, StatusState } from './status-source.ts'
export { type SetTimer, systemTimer } from './timer.ts'
export type { TrustedAuthority } from './token-authority.ts'
export type { TokenVerifierOptions } from './token-settings.ts'
export {
  createTokenVerifier,
  type EnforcingTokenOptions,
  type ObservingTokenOptions,
  type TokenObserver,
  type TokenVerifier,
} from './token-verifier.ts'
export type { TellAnswer, ToldAnswer } from './told-answer.ts'
export {
  createMemoryUseCounter,
  type LimitedUse,
  type MemoryUseCounterOptions,
  type UseCounter,
} from './use-counter.ts'
export type { ChainCacheOptions } from './verified-chains.ts'
export type {
  AnyVerifiedRequest,
  AuthorizedAccess,
  AuthorizedRequest,
  AuthorizedTokenRequest,
  Principal,
  VerifiedRequest,
  VerifiedTokenRequest,
} from './verified-request.ts'
export type { TokenCacheOptions } from './verified-tokens.ts'
export type { MeasuredDecision, VerifierMeter, VerifierState } from './verifier-meter.ts'
export type { VerifierMode } from './verifier-mode.ts'
