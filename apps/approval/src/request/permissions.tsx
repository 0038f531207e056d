import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { CapabilityView, RequestView } from '../api/views.ts'
import { type Narrowing, toggleCapability } from '../model/narrowing.ts'
import { ExactRule } from '../parts/exact-rule.tsx'
import { capabilitySentence } from '../words/capability-sentence.ts'

interface PermissionsProps {
  readonly request: RequestView
  readonly narrowing: Narrowing
  /** Absent: nothing can be left out here. */
  readonly choose?: ((narrowing: Narrowing) => void) | undefined
}

/** One sentence for each thing the agent may do, each with its exact rule and a way to leave it out. */
export function Permissions({ request, narrowing, choose }: PermissionsProps): ReactNode {
  const canDrop = choose !== undefined && request.capabilities.length > 1
  return (
    <ul className="plain-list">
      {numbered(request.capabilities).map(({ capability, index }) => (
        <Permission
          key={index}
          capability={capability}
          dropped={narrowing.dropped.has(index)}
          toggle={canDrop ? () => choose(toggleCapability(narrowing, index)) : undefined}
        />
      ))}
    </ul>
  )
}

/** Capabilities never move within one version of a request, so their position names them. */
function numbered(
  capabilities: readonly CapabilityView[],
): readonly { capability: CapabilityView; index: number }[] {
  return capabilities.map((capability, index) => ({ capability, index }))
}

interface PermissionProps {
  readonly capability: CapabilityView
  readonly dropped: boolean
  readonly toggle: (() => void) | undefined
}

function Permission({ capability, dropped, toggle }: PermissionProps): ReactNode {
  const sentence = capabilitySentence(capability)
  return (
    <li className={dropped ? 'permission dropped' : 'permission'}>
      <div className="permission-line">
        <div className="permission-sentence">{sentence}</div>
        {toggle && (
          <Button
            size="compact-sm"
            variant="default"
            className="permission-toggle"
            aria-pressed={dropped}
            aria-label={`Leave out: ${sentence}`}
            onClick={toggle}
          >
            {dropped ? 'Left out' : 'Leave out'}
          </Button>
        )}
      </div>
      <ExactRule rule={capability} />
    </li>
  )
}
