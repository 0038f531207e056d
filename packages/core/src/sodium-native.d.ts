/** The one function of libsodium's binding that is used here. */
declare module 'sodium-native' {
  const sodium: {
    /**
     * Whether the signature is the key's over the message. Throws for arguments of another type or length.
     *
     * @param signature 64 bytes
     * @param publicKey 32 bytes
     */
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  }
  export default sodium
}
