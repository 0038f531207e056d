import type { Narrator } from './narrator.ts'
import type { Person } from './person/person.ts'
import type { Stage } from './stage.ts'

/** Leaves a wallet behind, and says what a reader may try on the running servers, in a browser and a terminal. */
export async function sayWhatToTry(
  stage: Stage,
  tell: Narrator,
  { id, invitation }: Awaited<ReturnType<Person['reader']>>,
): Promise<void> {
  const issues = `${stage.api}/projects/ACME/issues`
  await stage.behalf(['wallet', 'create', 'me'])
  tell.plain('\nEverything is still running. You decide in a browser on this machine:\n')
  if (invitation !== undefined) {
    tell.plain(`  as ${id}, whom Alice invited; make a passkey at  ${invitation}`)
  }
  tell.plain(`  the page for people                     ${stage.authority}/`)
  tell.plain('\nand you are an agent in another terminal, in this folder:\n')
  const commands = [
    `export BEHALF_HOME=${stage.folder}/home BEHALF_PASSPHRASE_FILE=${stage.passphraseFile}`,
    `export BEHALF_AUTHORITY=${stage.authority}`,
    `npm run -s behalf -- request --wallet me --for ${id} --allow 'GET ${stage.api}/projects/**' --purpose 'Look around'`,
    `npm run -s behalf -- call GET ${issues} --wallet me`,
  ]
  for (const command of commands) tell.plain(`  ${command}`)
  tell.plain('\nThe request waits until you have approved on the page. Then revoke there, and call again.')
  tell.plain('Ctrl-C ends it all and removes its files.')
}
