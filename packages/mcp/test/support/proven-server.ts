import { createStdioEndpoint } from '../../src/stdio.ts'
import { GENERATIONS, serve } from './servers.ts'
import { makeSurroundings } from './world.ts'

/** A server on the stdin and stdout of its process: `node stdio-server.ts GENERATION AUDIENCE`. */
const [generation = GENERATIONS[0], audience = ''] = process.argv
  .slice(2)
  .map((argument) => GENERATIONS.find((known) => known === argument) ?? argument)

const { options, revoke } = await makeSurroundings()
const served = serve(generation === '1.x' ? '1.x' : '2.x')
const { transport } = createStdioEndpoint({ audience, ...options })
// Everything that tests grant.
process.on('SIGUSR2', () => void revoke(...Array.from({ length: 64 }, (_, index) => index)))
void served.waiting.then(() => process.stderr.write('waiting\n'))
await served.open(transport)
