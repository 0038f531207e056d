export type { AgentContext } from './agent-context.ts'
export type { AgentWorkload } from './agent-workload.ts'
export type {
  AuthorityDescription,
  AuthorityEvent,
  CollectedDelegation,
  DelegationRequest,
  DelegationSummary,
  Enrolment,
  IssuedDelegation,
  RequestReceipt,
  RevocationReceipt,
  SuspensionReceipt,
} from './authority-answer.ts'
export {
  type AskedTerms,
  type AuthorityClient,
  type AuthorityClientOptions,
  createAuthorityClient,
  type EnrolmentTerms,
  type LogFilter,
  type Narrowing,
  type RevocationTarget,
  type WorkloadPresentation,
} from './authority-client.ts'
export type { CollectDelegationOptions } from './collect-delegation.ts'
export type { ApiConfirmation, ConfirmationCounts, ReaderCounts } from './confirmation-counts.ts'
export type { DelegateOptions } from './delegate-child.ts'
export type { WalletRequestInit } from './delegated-fetch.ts'
export type { EnrolledWorkload } from './enrolled-workload.ts'
export { type AuthorityCode, WalletError, type WalletErrorCode, type WalletErrorEvidence } from './error.ts'
export type { AccessToken, ExchangeTokenOptions } from './exchange-token.ts'
export type { Fetch } from './fetch.ts'
export { createFileWallet, type FileWalletOptions, openFileWallet } from './file-wallet.ts'
export type { DelegationBundle, DelegationRecord, HeldDelegation } from './held-delegation.ts'
export type { KeyRequest, SendKeyRequest } from './key-request.ts'
export type { Auditor, ForgottenPrincipal, LedgerClient, RegisteredApi } from './ledger-client.ts'
export type { LogEntry } from './log-entry.ts'
export { createMemoryWallet, type MemoryWalletOptions } from './memory-wallet.ts'
export type { ProveMessageOptions } from './prove-message.ts'
export type { PendingApproval, RequestDelegationOptions } from './request-delegation.ts'
export { DANGEROUSLY_ALLOW_PLAIN_HTTP } from './request-target.ts'
export type { TokenRequestInit } from './token-fetch.ts'
export type { TokenKey, TokenKeyClient, TokenKeys } from './token-key-client.ts'
export type { Wait } from './wait.ts'
export type { RenewOptions, RevokeOptions, Wallet, WalletOptions } from './wallet.ts'
export { createWorkloadProof, type WorkloadProofOptions, workloadAudience } from './workload-proof.ts'
