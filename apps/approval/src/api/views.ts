/** A JSON object whose members are for display only. */
export type JsonRecord = { readonly [name: string]: unknown }

/** What a person may do here. */
export type Role = 'approver' | 'operator' | 'auditor'

/** Who is signed in. */
export interface PersonView {
  readonly id: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly tenant?: string
}

/** Answer of `GET /api/session`. */
export interface SessionView {
  readonly person: PersonView | null
  readonly csrf: string | null
  /** Whether this session may approve without a passkey, which proves nothing. */
  readonly login_approves: boolean
  /** Whether the authority has its first person. */
  readonly claimed: boolean
  readonly login: readonly string[]
  readonly rp_id: string
  readonly authority: { readonly origin: string; readonly issuer: string }
}

/** Answer of a registration that makes a person: the session, and codes that are shown once. */
export interface WelcomeView extends SessionView {
  readonly recovery_codes: readonly string[]
}

/** For whom an agent acts. */
export interface PrincipalView {
  readonly id: string
  readonly role?: string
  readonly tenant?: string
}

/** One capability as it is on the wire. */
export interface CapabilityView extends JsonRecord {
  readonly type: string
}

export type RequestStatus = 'pending' | 'approved' | 'refused' | 'expired'

/** Whether this person can decide: `second` after another person approved, `theirs` while another must. */
export type Turn = 'yours' | 'second' | 'theirs' | 'none'

/** One person's yes. */
export interface GivenApproval {
  readonly by: string
  readonly at: string
}

/** What the same agent was last allowed, compared with what it asks for now. */
export interface PreviousView {
  readonly decided_at: string
  /** One line for each difference; empty when there is none. */
  readonly differences: readonly string[]
}

/** What an agent asks for. Texts that the agent chose are hostile: `agent_name`, `purpose`, `workflow`. */
export interface RequestView {
  readonly id: string
  readonly version: number
  readonly status: RequestStatus
  readonly agent: string
  readonly agent_name?: string
  readonly agent_fingerprint: string
  readonly agent_first_seen: string
  readonly agent_enrolled: boolean
  /** Where its key was proven to run, while that holds: words of the issuer, not of the agent. */
  readonly agent_workload?: WorkloadView
  readonly name_warnings: readonly string[]
  readonly on_behalf_of: PrincipalView
  readonly capabilities: readonly CapabilityView[]
  readonly valid_for_seconds: number
  readonly max_uses?: number
  readonly max_delegation_depth: number
  readonly purpose: string
  readonly workflow?: { readonly id: string; readonly run?: string }
  readonly policy: {
    readonly id: string
    readonly digest: string
    readonly decision: string
    /** The rule that decided. */
    readonly rule?: string
    readonly reason?: string
  }
  readonly requested_at: string
  readonly expires_at: string
  readonly decided_at?: string
  readonly decided_by?: string
  readonly reason?: string
  readonly delegation_id?: string
  readonly sentences: readonly string[]
  readonly previous?: PreviousView
  /** How it was approved: `passkey`, `software-passkey`, `login`, `enrolment` or `operator`. */
  readonly approval_method?: string
  readonly approvals_needed: number
  readonly approvals: readonly GivenApproval[]
  readonly turn: Turn
}

/** Less than was asked for; an absent member stays as asked. */
export interface NarrowView {
  readonly capabilities?: readonly CapabilityView[]
  readonly valid_for_seconds?: number
  readonly max_uses?: number
  readonly max_delegation_depth?: number
}

export type DelegationStatus = 'active' | 'suspended' | 'expired' | 'revoked'

/** What is known of the uses of a delegation at one API. */
export interface UseView {
  readonly origin: string
  /** Whether this API puts its decisions on record at this authority. */
  readonly reports: boolean
  /** Requests that it reported to have accepted. */
  readonly uses: number
  readonly last_used_at?: string
}

/** Where a key was proven to run. */
export interface WorkloadView {
  readonly issuer: string
  readonly subject: string
  readonly claims: Readonly<Record<string, string>>
  readonly valid_until: string
}

/** One link that the authority knows of. */
export interface DelegationView {
  readonly id: string
  readonly status: DelegationStatus
  readonly delegator: string
  readonly subject: string
  readonly agent_name?: string
  readonly agent_fingerprint: string
  /** Where its key was proven to run, while that holds. */
  readonly agent_workload?: WorkloadView
  readonly children: number
  readonly max_uses?: number
  readonly apis: readonly UseView[]
  readonly on_behalf_of: PrincipalView
  readonly capabilities: readonly CapabilityView[]
  readonly purpose?: string
  readonly parent_id?: string
  readonly root_id: string
  readonly request_id?: string
  readonly valid_from: string
  readonly valid_until: string
  readonly created_at: string
  readonly revoked_at?: string
  readonly revoked_by?: string
  readonly revoked_above?: string
  readonly reason?: string
  /** While it rests. */
  readonly suspended_at?: string
  /** DID of a key, or id of a person. */
  readonly suspended_by?: string
  readonly suspended_reason?: string
}

/** What the authority answers when something was stopped, suspended or resumed. */
export interface ReceiptView {
  /** Of the heartbeat that says so to every API. */
  readonly sequence: number
  readonly time: string
}

/** Which APIs hold a heartbeat. */
export interface ConfirmationsView {
  /** Processes of registered APIs that follow the authority now. */
  readonly connected: number
  readonly confirmed: number
  /** Others that follow it and proved no key: anybody. */
  readonly unproven: { readonly connected: number; readonly confirmed: number }
  /** Those of them that have a name for this person. */
  readonly apis: readonly {
    readonly did: string
    readonly origins: readonly string[]
    readonly connected: number
    readonly confirmed: number
  }[]
}

/** A key that signs people in. */
export interface PasskeyView {
  readonly id: string
  readonly name: string
  readonly created_at: string
  readonly last_used_at?: string
  /** Made by the software authenticator of demos and tests. */
  readonly software: boolean
  /** Kept in a keychain that several devices share. */
  readonly synced: boolean
}

/** Terms that an agent gets without a question. */
export interface EnrolmentView {
  readonly id: string
  readonly agent: string
  readonly on_behalf_of: PrincipalView
  readonly capabilities: readonly CapabilityView[]
  readonly max_seconds: number
  readonly max_delegation_depth: number
  readonly valid_until?: string
  readonly created_at: string
  readonly created_by: string
}

/** Something that the authority recorded. */
export interface EventView {
  readonly sequence: number
  readonly time: string
  readonly type: string
  readonly data: JsonRecord
  /** What the agent called itself: hostile text. */
  readonly agent_name?: string
  readonly agent_fingerprint?: string
  /** What whoever did it is called here. */
  readonly by_name?: string
  /** What whom it is about is called here. */
  readonly person_name?: string
}

/** A person as operators see one. */
export interface MemberView extends PersonView {
  readonly created_at: string
  /** Absent: may sign in. */
  readonly disabled_at?: string
  /** How many they have. */
  readonly passkeys: number
}

/** An invitation that nobody took yet. */
export interface InvitationView {
  /** The id that the invited person will have. */
  readonly id: string
  readonly name?: string
  readonly roles: readonly Role[]
  readonly tenant?: string
  readonly expires_at: string
  /** Shown once, when it is made. */
  readonly url?: string
}
