/** The packages whose sources are mutated, each with the tests that speak about it. */
export const MUTATED_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  core: ['test/conformance/{ed25519,jcs,jwk-thumbprint}.test.ts'],
  did: ['test/conformance/did-key.test.ts'],
  'http-signature': [
    'test/conformance/{rfc9421,rfc9530,structured-fields}.test.ts',
    'test/interop/{httpsig,structured-headers}.test.ts',
  ],
  credential: ['test/conformance/{bitstring-status-list,jws,webauthn}.test.ts', 'test/interop/jose.test.ts'],
  verifier: ['test/properties/adapters.test.ts', 'test/interop/token-peers.test.ts'],
}

/** Glob patterns, from the root of the repository, of the tests that judge the mutants of a package. */
export function testsOf(name: string): readonly string[] {
  return [`packages/${name}/test/**/*.test.ts`, ...(MUTATED_PACKAGES[name] ?? [])]
}
