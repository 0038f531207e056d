/** What the transports of both generations have in common. */
export interface TransportLike {
  send: (message: never, options?: never) => Promise<void>
}

/** What stands between a transport and whoever uses it. */
export interface TransportLayer<Message> {
  send(message: Message, options: unknown): Promise<void>
  /** @param pass hands the message on */
  receive(message: Message, pass: () => void): void
  /** Told that the transport is closed, before whoever uses it is. */
  close?(): void
}

/**
 * A transport that sends and receives through a layer, and is the inner one in everything else.
 *
 * @param inner not started
 */
export function wrapTransport<Transport extends TransportLike, Message>(
  inner: Transport,
  layer: TransportLayer<Message>,
): Transport {
  const listeners: Record<'onmessage' | 'onclose', unknown> = { onmessage: undefined, onclose: undefined }
  const call = (name: keyof typeof listeners, ...values: readonly unknown[]): void => {
    const listener = listeners[name]
    if (typeof listener === 'function') listener(...values)
  }
  const hears = {
    onmessage: (message: Message, extra: unknown): void =>
      layer.receive(message, () => call('onmessage', message, extra)),
    onclose: (): void => {
      layer.close?.()
      call('onclose')
    },
  }
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'send') return layer.send.bind(layer)
      if (isListener(name)) return listeners[name]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value
    },
    set: (target, name, value: unknown) => {
      if (!isListener(name)) return Reflect.set(target, name, value, target)
      listeners[name] = value
      return Reflect.set(target, name, hears[name], target)
    },
  })
}

/** Sends over a transport of either generation. */
export function sendOver(inner: TransportLike, message: unknown, options: unknown): Promise<void> {
  return Reflect.apply(inner.send, inner, [message, options])
}

function isListener(name: string | symbol): name is 'onmessage' | 'onclose' {
  return name === 'onmessage' || name === 'onclose'
}
