import { parseArgs } from 'node:util'
import { hasReader, type WhoDecides } from './has-reader.ts'
import { createNarrator, type Narrator } from './narrator.ts'
import { createPersonAtBrowser } from './person/person-at-browser.ts'
import { createSoftwarePerson } from './person/software-person.ts'
import { openStage, type Stage } from './stage.ts'
import { playStory } from './story.ts'
import { sayWhatToTry } from './what-to-try.ts'

// `npm start`: plays the story and cleans up. At a terminal, and with `--browser`, the reader is its person, in a
// browser; otherwise, and with `--auto`, a program is. `--serve` leaves the servers running afterwards.
const values = readOptions()
const tell = createNarrator(
  () => performance.now(),
  (line) => console.log(line),
)
const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort()).once('SIGTERM', () => interruption.abort())

process.exitCode = await main(tell, interruption.signal)
// The message channels of ended agents and a story cut short by Ctrl-C must not keep the process alive.
process.exit()

function readOptions(): WhoDecides & { readonly serve: boolean } {
  const option = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({ options: { serve: option, auto: option, browser: option } })
    if (!(values.auto && values.browser)) return values
  } catch {
    // What it knows is said below.
  }
  console.error('Known are npm start, and behind npm start -- either --auto or --browser, and --serve.')
  process.exit(2)
}

async function main(tell: Narrator, interruption: AbortSignal): Promise<number> {
  tell.plain('Behalf: an agent acts for a person, within limits, with proof, until someone stops it.')
  tell.plain('Everything below runs on this machine, each server and each agent in a process of its own.\n')
  tell.say('Starting an authority and an API …')
  try {
    const stage = await openStage(interruption, ({ authority, api }) => {
      tell.say(`The authority is at ${authority}, the API (an issue tracker) at ${api}.`)
      tell.say('New servers wait five seconds: they cannot know which requests came just before they began.')
    })
    await perform(stage, interruption)
  } catch (error) {
    if (interruption.aborted) return 0
    console.error(`\nThe story broke off: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
  return 0
}

async function perform(stage: Stage, interruption: AbortSignal): Promise<void> {
  const interrupted = new Promise<void>((resolve) => {
    interruption.addEventListener('abort', () => resolve(), { once: true })
  })
  try {
    await Promise.race([play(stage, interrupted), interrupted])
  } finally {
    await stage.end()
    tell.plain('')
    tell.say('All processes have ended and their files are removed.')
  }
}

async function play(stage: Stage, interrupted: Promise<void>): Promise<void> {
  const isReader = hasReader(values, [process.stdin, process.stdout])
  const createPerson = isReader ? createPersonAtBrowser : createSoftwarePerson
  const person = createPerson(tell, stage.authority, stage.claimUrl)
  await playStory(stage, tell, person)
  if (!values.serve) return
  await sayWhatToTry(stage, tell, await person.reader())
  await interrupted
}
