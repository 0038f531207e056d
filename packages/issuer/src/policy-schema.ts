/**
 * What a policy may ask about, in Cedar's schema language; every policy is checked against it when it is read. All
 * numbers are whole. A number that is not bounded is 9007199254740991, so that no bound is never less than some bound.
 *
 * @see https://docs.cedarpolicy.com/schema/human-readable-schema.html
 */
export const POLICY_SCHEMA = `// The key that asks, by its DID: Agent::"did:key:z6Mk…".
entity Agent = {
  // Some enrolment of this key by this principal is in force, though perhaps not for what is asked now.
  enrolled: Bool,
  // When this authority first had a request of this key, in seconds since the epoch; now, when this is the first.
  firstSeen: Long,
  // Where this key was proven to run. There is none without a proof, and none once it ended: ask "principal has workload".
  workload?: Workload
};

// What the issuer of a workload identity said. Tags are the claims that the configuration chose, by the names it gave.
entity Workload = {
  // "jwt" or "x509".
  type: String,
  // As it is configured: whoever asks for the subject alone takes every configured issuer's word for it.
  issuer: String,
  subject: String
} tags String;

entity Weekday enum ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

// One action at one location on one path pattern. A tag is the greatest number that a member may be, by its place and
// name, such as "body.amount" or "query.limit"; there is none for a member that may not be sent at all.
entity HttpPart = {
  location: String,
  action: String,
  // Of the path patterns that the policy names: those that cover all of what is asked (to be asked where it permits),
  // and those that cover some of it (to be asked where it forbids).
  within: Set<String>,
  overlaps: Set<String>
} tags Long;

// One action at one MCP endpoint, with the name of one tool where the action is "tools/call", or "" elsewhere. Tags
// are those of HttpPart, for arguments: "arguments.amount".
entity McpPart = {
  location: String,
  action: String,
  tool: String
} tags Long;

type Question = {
  onBehalfOf: { id: String, role?: String, tenant?: String },
  // How long the delegation is to be valid.
  seconds: Long,
  maxUses: Long,
  maxDelegationDepth: Long,
  workflow?: { id: String, run?: String },
  // When it is decided: seconds since the epoch, and the clock in the policy's zone.
  time: { epoch: Long, weekday: Weekday, hour: Long, minute: Long }
};

// What is permitted suffices: the enrolment of the key for all that is asked, one person, or two people.
action "approve-enrolled", "ask-one", "ask-two" appliesTo {
  principal: Agent,
  resource: [HttpPart, McpPart],
  context: Question
};
`
