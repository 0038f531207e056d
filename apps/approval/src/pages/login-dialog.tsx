import { Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { CompanyLogin } from '../parts/company-login.tsx'
import { LoginButton } from '../parts/login-button.tsx'

interface LoginDialogProps {
  readonly opened: boolean
  readonly name: string
  /** There is a company login as well. */
  readonly company: boolean
}

/** The session ended while the page was open: what was entered stays behind this. */
export function LoginDialog({ opened, name, company }: LoginDialogProps): ReactNode {
  return (
    <Modal
      opened={opened}
      onClose={() => undefined}
      // Above whatever was open when the session ended.
      zIndex={400}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="You were signed out"
    >
      <Stack gap="md">
        <Text>
          Sign in again as <bdi>{name}</bdi> to go on. What you entered is still here
          {company && ', unless you leave for the company login'}.
        </Text>
        <LoginButton />
        {company && <CompanyLogin />}
      </Stack>
    </Modal>
  )
}
