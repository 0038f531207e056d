import { parseArgs } from 'node:util'
import { createNarrator, type Narrator } from './narrator.ts'
import { openStage, type Stage } from './stage.ts'
import { playStory } from './story.ts'
import { sayWhatToTry } from './what-to-try.ts'

// `npm start`: plays the story and cleans up. `npm start -- --serve`: leaves the servers running afterwards.
const { values } = parseArgs({ options: { serve: { type: 'boolean', default: false } } })
const tell = createNarrator(
  () => performance.now(),
  (line) => console.log(line),
)
const interrupted = new Promise<'interrupted'>((resolve) => {
  process.once('SIGINT', () => resolve('interrupted')).once('SIGTERM', () => resolve('interrupted'))
})

process.exitCode = await main(tell)
// The message channels of ended agents and a story cut short by Ctrl-C must not keep the process alive.
process.exit()

async function main(tell: Narrator): Promise<number> {
  tell.plain('Behalf: an agent acts for a person, within limits, with proof, until someone stops it.')
  tell.plain(
    'Everything below runs on this machine: an authority, an API, and agents, each in its own process.\n',
  )
  const opening = openStage(({ authority, api }) => {
    tell.say(`The authority is at ${authority}, the API (an issue tracker) at ${api}.`)
    tell.say('New servers wait five seconds: they cannot know which requests came in just before they began.')
  })
  const stage = await Promise.race([opening, interrupted])
  if (stage === 'interrupted') return cleanUp(await opening, 0)
  try {
    await Promise.race([perform(stage), interrupted])
    return await cleanUp(stage, 0)
  } catch (error) {
    console.error(`\nThe story broke off: ${error instanceof Error ? error.message : String(error)}`)
    return cleanUp(stage, 1)
  }
}

async function perform(stage: Stage): Promise<void> {
  await playStory(stage, tell)
  if (!values.serve) return
  await sayWhatToTry(stage, tell)
  await interrupted
}

async function cleanUp(stage: Stage, code: number): Promise<number> {
  await stage.end()
  tell.plain('')
  tell.say('All processes have ended and their files are removed.')
  return code
}
