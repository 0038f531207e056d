export { createStdioHandler, type StdioHandler, type StdioHandlerOptions } from './create-stdio-handler.ts'
export { createUpstreamHandler, type UpstreamHandlerOptions } from './create-upstream-handler.ts'
export { CALLER_META } from './forwarded-message.ts'
export type { ServerCommand, ServerProcessLimits } from './server-process.ts'
