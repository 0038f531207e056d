const BODIES = new WeakMap<object, Uint8Array>()

/** From now on a verifier that comes later finds the body of the request, which can be read once only. */
export function keepBody(request: object, body: Uint8Array): void {
  BODIES.set(request, body)
}

/** The body that an observing verifier read of the request, if one did. It came off the wire and is not verified. */
export function keptBody(request: object): Uint8Array | undefined {
  return BODIES.get(request)
}
