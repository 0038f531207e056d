import {
  CoreError,
  createEd25519Signer,
  decodeBase64url,
  digestSha256,
  encodeBase64url,
  encodeUtf8,
  isEd25519PublicKey,
  verifyEd25519,
} from '@behalf/core'

/** Prints what this runtime makes of fixed input, for a comparison with another runtime. */
const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const message = encodeUtf8('portable')
const signature = await signer.sign(message)
console.log(
  JSON.stringify({
    publicKey: encodeBase64url(signer.publicKey),
    signature: encodeBase64url(signature),
    verified: verifyEd25519(signer.publicKey, message, signature),
    refused: verifyEd25519(signer.publicKey, encodeUtf8('other'), signature),
    isKey: isEd25519PublicKey(decodeBase64url(encodeBase64url(signer.publicKey))),
    digest: digestSha256(message),
    refusals: ['*', 'Zg==', 'Zh', 'Zm 8'].map(codeOfDecoding),
  }),
)

function codeOfDecoding(text: string): string {
  try {
    return encodeBase64url(decodeBase64url(text))
  } catch (error) {
    return error instanceof CoreError ? error.code : String(error)
  }
}
