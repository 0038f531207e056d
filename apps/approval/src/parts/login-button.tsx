import { Button, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { assertPasskey } from '../api/passkey-ceremony.ts'
import { beginLogin, finishLogin } from '../api/session-api.ts'
import { takeSession } from '../live/queries.ts'
import { queryClient } from '../live/query-client.ts'
import { tellEveryTab } from '../live/tabs.ts'
import { ProblemAlert } from './problem-alert.tsx'

/** Signs in with a passkey; no name is asked for, the passkey knows it. */
export function LoginButton(): ReactNode {
  const login = useMutation({
    mutationFn: async () => {
      const { ceremony, options } = await beginLogin()
      return finishLogin(ceremony, await assertPasskey(options))
    },
    onSuccess: (session) => {
      takeSession(session)
      queryClient.setQueryData(['session'], session)
      tellEveryTab('session')
    },
  })
  return (
    <Stack gap="md">
      <ProblemAlert error={login.error} />
      <Button size="md" loading={login.isPending} onClick={() => login.mutate()}>
        Sign in with a passkey
      </Button>
    </Stack>
  )
}
