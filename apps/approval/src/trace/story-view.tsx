import { type EntryProof, type ProvenEntry, proofOf } from '@behalf/authority/trace'
import { Alert, Button, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { layoutTrace } from '../model/trace-rows.ts'
import { PictureTree } from '../parts/picture-tree.tsx'
import { RecordItem } from '../parts/record-item.tsx'
import { downloadText } from './download-text.ts'
import { ProofLines } from './proof-lines.tsx'
import type { ProvenStory } from './prove-fetched.ts'
import { StoryDetails } from './story-details.tsx'

/** A proven story: what is proven of it, the file to take away, the picture, and line by line. */
export function StoryView({ story }: { readonly story: ProvenStory }): ReactNode {
  const { trace, view } = story
  const lines = trace.entries.map((entry) => ({ entry, proof: proofOf(entry, trace) }))
  return (
    <Stack gap="md">
      <Verdict lines={lines} complete={view.complete} />
      <Evidence story={story} />
      <Picture story={story} />
      <ol className="plain-list card" aria-label="Line by line">
        {lines.map(({ entry, proof }) => (
          <RecordItem key={entry.index} id={placeOf(entry.index)} record={entry.record} names={view}>
            <div className="story-details">
              <StoryDetails entry={entry} trace={trace} />
            </div>
            <ProofLines proof={proof} />
          </RecordItem>
        ))}
      </ol>
    </Stack>
  )
}

interface Line {
  readonly entry: ProvenEntry
  readonly proof: EntryProof
}

function Verdict({
  lines,
  complete,
}: {
  readonly lines: readonly Line[]
  readonly complete: boolean
}): ReactNode {
  const open = lines.filter(({ proof }) => proof.unproven.length > 0).length
  const count = lines.length === 1 ? 'The one line' : `Each of the ${lines.length} lines`
  return (
    <Alert
      color={open === 0 ? 'green' : 'yellow'}
      title={open === 0 ? 'Everything here is proven' : 'In the log, but not all is proven'}
    >
      <Text size="sm">
        {count} is in the signed log; your browser checked it.
        {open > 0 && ` ${open === 1 ? 'One says' : `${open} say`} what is not proven, and why.`}
        {!complete && ' There is more in the log than is told here: look at one request or delegation.'}
      </Text>
    </Alert>
  )
}

/** The same bytes that were checked here. */
function Evidence({ story: { trace, view } }: { readonly story: ProvenStory }): ReactNode {
  return (
    <section className="card" aria-labelledby="evidence">
      <Title order={2} className="section-title" id="evidence">
        Take the proof with you
      </Title>
      <Text size="sm" mt={4}>
        One file, which anybody checks without this authority. That it is the right authority’s log you see by
        its key, which you should have from elsewhere:
      </Text>
      <pre className="command">behalf verify-bundle behalf-trace.json --key {trace.authority}</pre>
      <div className="buttons after-block">
        <Button onClick={() => downloadText('behalf-trace.json', view.bundle)}>Download the proof</Button>
      </div>
    </section>
  )
}

function Picture({ story: { trace, view } }: { readonly story: ProvenStory }): ReactNode {
  const rows = layoutTrace(trace, view)
  const [chosen, choose] = useState(rows[0]?.key ?? '')
  if (rows.length === 0) return null
  return (
    <section className="card" aria-labelledby="picture">
      <Title order={2} className="section-title" id="picture" mb="xs">
        What led to what
      </Title>
      <PictureTree label="What led to what" rows={rows} chosen={chosen} choose={choose} open={goTo} />
    </section>
  )
}

function placeOf(index: number): string {
  return `entry-${index}`
}

function goTo(key: string): void {
  document.getElementById(placeOf(Number(key)))?.focus()
}
