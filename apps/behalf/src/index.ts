export type { BehalfIo, InputStream, OutputStream } from './io.ts'
export { runBehalf } from './run.ts'
