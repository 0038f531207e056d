export {
  createStdioEndpoint,
  type StdioEndpoint,
  type StdioEndpointOptions,
} from './create-stdio-endpoint.ts'
export { createStdioTransport, type StdioTransportOptions } from './create-stdio-transport.ts'
export type { StdioTransport } from './stdio-wire.ts'
