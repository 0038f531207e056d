export {
  type CreateSessionServer,
  createSessionHandler,
  type SessionHandlerOptions,
} from './session-handler.ts'
