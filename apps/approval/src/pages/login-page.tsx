import { Anchor, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { SessionView } from '../api/views.ts'
import { CompanyLogin } from '../parts/company-login.tsx'
import { LoginButton } from '../parts/login-button.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { safeText } from '../words/safe-text.ts'

/** The way in, at whatever address was asked for: after it, that page is shown. */
export function LoginPage({ session }: { readonly session: SessionView }): ReactNode {
  return (
    <Stack gap="md" className="center-card">
      <PageTitle tab="Sign in">Sign in to decide what agents may do</PageTitle>
      <section className="card" aria-label="Sign in">
        <Stack gap="md">
          <LoginButton />
          {session.login.includes('oidc') && <CompanyLogin />}
          <Text size="sm" c="dimmed">
            Your passkey belongs to <span className="mono">{safeText(session.rp_id, 200)}</span>. This only
            signs you in: approving asks for your passkey again.
          </Text>
        </Stack>
      </section>
      <Text size="sm">
        <Anchor component={Link} href="/recover" underline="always">
          I have lost my passkeys
        </Anchor>
        {' · '}
        <Anchor component={Link} href="/verify" underline="always">
          Check a delegation without signing in
        </Anchor>
      </Text>
    </Stack>
  )
}
