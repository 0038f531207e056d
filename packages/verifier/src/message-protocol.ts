import type { JsonObject, JsonValue } from '@behalf/core'
import type { AllowedRequest, ProvenHolder } from './request-protocol.ts'

/** One message as it came, and nothing decoded. */
export interface IncomingMessage {
  /** All of it; of one that is too long at least one byte more than the cap. */
  readonly bytes: Uint8Array
  /** The id that was given to this message already. Never taken from the peer. */
  readonly requestId?: string
}

/** A message that was read strictly. */
export interface ReadMessage {
  /** What the proof has to cover: all members of JSON-RPC but `jsonrpc`, without the proof. */
  readonly message: JsonObject
  /** The proof as it came; undefined where there is none. */
  readonly proof: JsonValue | undefined
  /** What the sender said of its span; nobody signed it. @see W3C Trace Context */
  readonly traceparent?: string
}

/** A message of which everything is proven but that its delegation allows it. */
export interface ProvenMessage extends ProvenHolder {
  readonly message: JsonObject
}

/** What messages mean to a server: how they are read, and which capability allows one. */
export interface MessageProtocol {
  /** @throws VerifierError request_malformed, json_ambiguous and other codes of framing */
  read(bytes: Uint8Array): ReadMessage
  /**
   * The capability that allows a proven message.
   *
   * @throws VerifierError; CredentialError as `authorize`
   */
  authorize(message: ProvenMessage): AllowedRequest
}
