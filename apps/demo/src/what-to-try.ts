import type { Narrator } from './narrator.ts'
import type { Stage } from './stage.ts'

/** Leaves a wallet with a fresh delegation behind, and says which commands a reader may try on the running servers. */
export async function sayWhatToTry(stage: Stage, tell: Narrator): Promise<void> {
  const issues = `${stage.api}/projects/ACME/issues`
  await stage.behalf(['wallet', 'create', 'me'])
  const commands = [
    `export BEHALF_HOME=${stage.folder}/home BEHALF_PASSPHRASE_FILE=${stage.passphraseFile}`,
    `export BEHALF_AUTHORITY=${stage.authority}`,
    `npm run -s behalf -- request --wallet me --for alice --allow 'GET ${stage.api}/projects/**' --purpose 'Look around' --no-wait`,
    `npm run -s behalf -- approve <the id it printed> --operator ${stage.operatorFile}`,
    `npm run -s behalf -- request --wallet me --resume <the id>`,
    `npm run -s behalf -- call GET ${issues} --wallet me`,
    `npm run -s behalf -- revoke <the delegation's id> --operator ${stage.operatorFile}`,
  ]
  tell.plain('\nEverything is still running. In another terminal, in this folder, try:\n')
  for (const command of commands) tell.plain(`  ${command}`)
  tell.plain('\nCtrl-C ends it all and removes its files.')
}
