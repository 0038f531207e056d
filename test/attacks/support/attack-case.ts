import { ADAPTERS, type AdapterName } from './adapters.ts'
import type { Lab } from './lab.ts'
import type { Answer } from './wire.ts'

/** Runs against an API; what it returns must be the refusal, or the acceptance, that is expected of it. */
export type HttpCase = (lab: Lab) => Promise<Answer | readonly Answer[]>

/** Calls a function of a package; returns its code, `ok` when it did not refuse. */
export type CallCase = () => Promise<string> | string

/** Asserts a property by itself. */
export type Invariant = (lab: Lab) => Promise<void>

/** How a case is run. */
export type AttackCase =
  | { readonly over: 'http'; readonly run: HttpCase; readonly adapters: readonly AdapterName[] }
  | { readonly over: 'call'; readonly run: CallCase }
  | { readonly over: 'invariant'; readonly run: Invariant; readonly adapters: readonly AdapterName[] }

/** A case of our own, beside those of the catalogue: what it expects stands with it. */
export interface OwnCase {
  readonly title: string
  /** `ok` for a control, and for an invariant. */
  readonly code: (adapter: AdapterName) => string
  readonly attack: AttackCase
}

/** The cases of one group, by id. */
export interface CaseGroup {
  /** The name of the group in the catalogue. */
  readonly name: string
  readonly catalogue: Readonly<Record<string, AttackCase>>
  readonly own: Readonly<Record<string, OwnCase>>
}

/** A request, or several, over HTTP on every adapter. */
export function http(run: HttpCase): AttackCase {
  return { over: 'http', run, adapters: ADAPTERS }
}

/** A request that only one adapter can be sent. */
export function httpOn(adapter: AdapterName, run: HttpCase): AttackCase {
  return { over: 'http', run, adapters: [adapter] }
}

/** A call that has nothing to do with HTTP. */
export function call(run: CallCase): AttackCase {
  return { over: 'call', run }
}

/** A property, asserted by the case itself on every adapter. */
export function invariant(run: Invariant): AttackCase {
  return { over: 'invariant', run, adapters: ADAPTERS }
}

/** A property that has nothing to do with the adapter, asserted once. */
export function invariantOnce(run: Invariant): AttackCase {
  return { over: 'invariant', run, adapters: ['express'] }
}

/** The code of a case of our own; where servers differ, docs/decisions says why. */
export type OwnCode = string | ((adapter: AdapterName) => string)

/** A case of our own. */
export function own(code: OwnCode, title: string, attack: AttackCase): OwnCase {
  return { code: (adapter) => (typeof code === 'string' ? code : code(adapter)), title, attack }
}

/** One code where the verifier sees what came off the wire, and another for a web `Request`. */
export function byView(raw: string, fetch: string): OwnCode {
  return (adapter) => (adapter === 'fetch' ? fetch : raw)
}
