import { Button, Menu, useMantineColorScheme } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { logout } from '../api/session-api.ts'
import type { PersonView } from '../api/views.ts'
import { tellEveryTab } from '../live/tabs.ts'

/** Everything about the person who is signed in, away from the daily work. */
export function AccountMenu({ person }: { readonly person: PersonView }): ReactNode {
  const leave = useMutation({
    mutationFn: logout,
    onSuccess: () => {
      tellEveryTab('session')
      location.assign('/')
    },
  })
  return (
    <Menu
      position="bottom-end"
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <Button variant="default" className="account-button">
          <bdi className="account-name">{person.name}</bdi>
          <span aria-hidden="true">&nbsp;▾</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} href="/passkeys">
          Passkeys and sign-in
        </Menu.Item>
        <Menu.Item component={Link} href="/settings">
          Settings
        </Menu.Item>
        {(person.roles.includes('operator') || person.roles.includes('auditor')) && (
          <Menu.Item component={Link} href="/people">
            People
          </Menu.Item>
        )}
        <Menu.Item component={Link} href="/verify">
          Check a delegation
        </Menu.Item>
        <Menu.Divider />
        <ColorSchemeItem />
        <Menu.Item onClick={() => leave.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function ColorSchemeItem(): ReactNode {
  // Holding transitions back would put a style element into the page.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const dark =
    colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
  return (
    <Menu.Item closeMenuOnClick={false} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
      {dark ? 'Use light colours' : 'Use dark colours'}
    </Menu.Item>
  )
}
