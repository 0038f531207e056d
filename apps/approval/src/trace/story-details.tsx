import {
  digestOfPolicy,
  enrolledCapabilities,
  type FoundEnrolment,
  findEffect,
  findEnrolment,
  isProven,
  isRequest,
  isRevocation,
  listOf,
  type ProvenDelegation,
  type ProvenEntry,
  textOf,
  type VerifiedTrace,
} from '@behalf/authority/trace'
import { isJsonObject, type JsonObject } from '@behalf/core'
import { describeCapability } from '@behalf/credential'
import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Sentences } from '../parts/sentences.tsx'
import { methodWords } from '../words/method-words.ts'
import { safeText } from '../words/safe-text.ts'

interface StoryDetailsProps {
  readonly entry: ProvenEntry
  readonly trace: VerifiedTrace
}

/** What is known of an entry beyond its record, because it is proven beside it. */
export function StoryDetails({ entry, trace }: StoryDetailsProps): ReactNode {
  const { record } = entry
  if (isRevocation(record)) return <Effect entry={entry} trace={trace} />
  if (isRequest(record)) return <Signed entry={entry} />
  const id = textOf(record.delegation)
  switch (record.type) {
    case 'policy_decided':
      return <PolicyText policy={trace.policies.get(digestOfPolicy(record) ?? '')} />
    case 'issued':
      return <Approved root={trace.roots.get(id)} />
    case 'enrolled':
      return <Enrolled found={findEnrolment(textOf(record.enrolment), trace)} />
    case 'sub_delegated': {
      const capabilities = trace.delegations.get(id)?.capabilities ?? []
      return <Sentences sentences={capabilities.map(describeCapability)} />
    }
    default:
      return null
  }
}

function PolicyText({ policy }: { readonly policy: JsonObject | undefined }): ReactNode {
  const files = listOf(policy?.['files']).filter(isJsonObject)
  if (files.length === 0) return null
  return (
    <details className="rule">
      <summary>The text of the policy</summary>
      {files.map((file) => (
        <pre key={textOf(file['name'])}>{safeText(textOf(file['text']), 20_000)}</pre>
      ))}
    </details>
  )
}

function Approved({ root }: { readonly root: ProvenDelegation | undefined }): ReactNode {
  if (root === undefined) return null
  const { approvals, sentences, method } = root.approval
  const words = methodWords(method)
  return (
    <>
      {approvals.map(({ by, origin }) => (
        <Text key={by} size="sm" className="break">
          {safeText(by, 100)} saw and signed these words at {safeText(origin, 200)}:
        </Text>
      ))}
      {words !== undefined && <Text size="sm">{words}</Text>}
      <Sentences sentences={sentences} />
    </>
  )
}

/** What a person read and signed, or else what the log has. */
function Enrolled({ found }: { readonly found: FoundEnrolment | undefined }): ReactNode {
  if (found?.given) return <Approved root={found.given} />
  const capabilities = (found && enrolledCapabilities(found)) ?? []
  return <Sentences sentences={capabilities.map(describeCapability)} />
}

function Signed({ entry: { request } }: { readonly entry: ProvenEntry }): ReactNode {
  if (!isProven(request)) return null
  return (
    <Text size="sm" className="break">
      {request.by === 'token' ? 'A token was shown for' : 'Signed for'}{' '}
      <span className="mono">{safeText(request.target, 500)}</span>, below{' '}
      {request.chain.links.length === 1 ? 'one delegation' : `${request.chain.links.length} delegations`}
    </Text>
  )
}

function Effect({ entry, trace }: StoryDetailsProps): ReactNode {
  const effect = findEffect(entry, trace)
  if (effect === undefined) return null
  const seconds = (Date.parse(effect.record.time) - Date.parse(entry.record.time)) / 1000
  return (
    <Text size="sm">
      Its first effect: a request was refused {seconds} s later (
      <span className="mono">{safeText(textOf(effect.record.code), 60)}</span>, entry {effect.index}).
    </Text>
  )
}
