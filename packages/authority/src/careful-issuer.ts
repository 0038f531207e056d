import type { Clock } from '@behalf/core'
import type { Issuer, TokenIssuer } from '@behalf/issuer'

/**
 * An issuer that gives nothing while the clock is in doubt. What stops and what publishes goes on.
 *
 * @param believed - throws VerifierError `clock_unsynchronized`, which all that gives throws then
 */
export function createCarefulIssuer(issuer: Issuer, believed: Clock): Issuer {
  const give = createGate(believed)
  return {
    ...issuer,
    enrol: (options) => give(() => issuer.enrol(options)),
    enrolWorkload: (options) => give(() => issuer.enrolWorkload(options)),
    requestDelegation: (question) => give(() => issuer.requestDelegation(question)),
    changeRequest: (options) => give(() => issuer.changeRequest(options)),
    approve: (options) => give(() => issuer.approve(options)),
    prepareApproval: (options) => give(() => issuer.prepareApproval(options)),
    completeApproval: (options) => give(() => issuer.completeApproval(options)),
    approveByLogin: (options) => give(() => issuer.approveByLogin(options)),
    collect: (options) => give(() => issuer.collect(options)),
    registerChild: (options) => give(() => issuer.registerChild(options)),
    resumeDelegation: (options) => give(() => issuer.resumeDelegation(options)),
  }
}

/** The same for what chains are exchanged for. */
export function createCarefulTokenIssuer(tokens: TokenIssuer, believed: Clock): TokenIssuer {
  const give = createGate(believed)
  return { ...tokens, exchange: (options) => give(() => tokens.exchange(options)) }
}

function createGate(believed: Clock): <Result>(work: () => Promise<Result>) => Promise<Result> {
  return async (work) => {
    believed()
    return work()
  }
}
