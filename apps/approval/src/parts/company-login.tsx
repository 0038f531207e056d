import { Button, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import { ApiError } from '../api/api-error.ts'
import { ProblemAlert } from './problem-alert.tsx'

/** Leaves for the company login, and says what went wrong there when it led back to here. */
export function CompanyLogin(): ReactNode {
  const [path] = useLocation()
  const returnTo = encodeURIComponent(path === '/login' ? '/' : path)
  return (
    <Stack gap="md">
      <ProblemAlert error={refusalOf(window.location.hash)} />
      <Button component="a" href={`/api/oidc/start?returnTo=${returnTo}`} size="md" variant="default">
        Sign in with company login
      </Button>
    </Stack>
  )
}

/** The code of a refusal, which the authority leaves in the address. */
function refusalOf(hash: string): ApiError | undefined {
  const code = /^#refused=([a-z_]{1,40})$/u.exec(hash)?.[1]
  if (code === undefined) return undefined
  return new ApiError({ status: 0, code, detail: 'The company login did not work.', retryable: true })
}
