/**
 * The AAGUID with which the software passkey of tests and demonstrations registers, so that what it approves is never
 * taken for the word of a person with an authenticator.
 * @see WebAuthn Level 3 section 6.5.1
 */
export const SOFTWARE_PASSKEY_AAGUID = 'be4a1f00-50f7-4a4e-8a55-6b65795f7377'
