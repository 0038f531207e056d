import { parseTraceBundle, type VerifiedTrace, verifyTrace } from '@behalf/authority/trace'
import { BehalfError } from '@behalf/core'

/** What is to be checked. */
export interface VerifyQuestion {
  readonly bundle: string
  /** Whose log it has to be. */
  readonly issuer: string
}

/** A story of which everything is proven, or why not; neither after a fault of the page. */
export interface VerifyAnswer {
  readonly trace?: VerifiedTrace
  readonly refusal?: { readonly code: string; readonly message: string }
}

addEventListener('message', ({ data }: MessageEvent<VerifyQuestion>) => {
  void verify(data).then((answer) => postMessage(answer))
})

async function verify({ bundle, issuer }: VerifyQuestion): Promise<VerifyAnswer> {
  try {
    return { trace: await verifyTrace(parseTraceBundle(bundle), issuer) }
  } catch (error) {
    if (!(error instanceof BehalfError)) return {}
    return { refusal: { code: error.code, message: error.message } }
  }
}
