import 'reflect-metadata'
import { BehalfError, encodeBase64 } from '@behalf/core'
import { PemConverter, type X509Certificate } from '@peculiar/x509'
import { checkCertificateForm, checkSigner, parseCertificate } from './certificate.ts'

/**
 * Returns a root out of its PEM.
 *
 * @throws TypeError unless it is one certificate that may sign others
 */
export function readRoot(pem: string): X509Certificate {
  try {
    const [der, second] = PemConverter.decode(pem)
    if (der !== undefined && second === undefined) {
      const root = parseCertificate(encodeBase64(new Uint8Array(der)))
      checkCertificateForm(root)
      checkSigner(root, 0)
      return root
    }
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new TypeError(`workloadIssuers: a root cannot be used: ${cause.message}`, { cause })
  }
  throw new TypeError('workloadIssuers: a root is one certificate in PEM')
}
