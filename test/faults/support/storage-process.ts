import { flushCompileCache } from 'node:module'
import { openStorageAuthority, type StorageAuthorityOptions } from './storage-authority.ts'

// An authority in a process of its own, to be killed: node storage-process.ts <options as JSON>. It prints its process
// id once it takes requests; with `once` it ends then in order.
const options: StorageAuthorityOptions & { readonly once?: boolean } = JSON.parse(process.argv[2] ?? '')
const authority = await openStorageAuthority(options)
authority.failure.addEventListener('abort', () => {
  console.error(String(authority.failure.reason))
  process.exit(1)
})
await authority.listen({ host: options.host ?? '127.0.0.1', port: options.port })
// Whoever is killed has no time for that later; the next start is quicker.
flushCompileCache()
console.log(process.pid)
if (options.once === true) await authority.close()
