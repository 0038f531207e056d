import type { CDPSession, Page } from 'playwright-core'

/** A passkey as Chromium's virtual authenticator keeps it. */
export type VirtualPasskey = Awaited<ReturnType<VirtualAuthenticator['passkeys']>>[number]

/** Chromium's virtual authenticator, which stands for a person's device: it verifies its user without asking. */
export interface VirtualAuthenticator {
  passkeys(): Promise<Awaited<ReturnType<typeof listPasskeys>>>
  /** From now on its user is, or is not, who they say. */
  verifyUser(isVerified: boolean): Promise<void>
}

/** Gives a page a virtual authenticator with the passkeys of a person. */
export async function addVirtualAuthenticator(
  page: Page,
  passkeys: readonly VirtualPasskey[] = [],
): Promise<VirtualAuthenticator> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  for (const credential of passkeys) {
    await session.send('WebAuthn.addCredential', { authenticatorId, credential })
  }
  return {
    passkeys: () => listPasskeys(session, authenticatorId),
    verifyUser: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}

async function listPasskeys(session: CDPSession, authenticatorId: string) {
  return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials
}
