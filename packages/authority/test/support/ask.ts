import { ASKED, type World } from './authority-world.ts'

/** A request of an agent for something on behalf of a person. */
export async function ask(
  world: World,
  changes: Partial<AskOptions> = {},
  agent = world.agent,
): Promise<string> {
  const { id } = await agent.client.createRequest({ ...ASKED, onBehalfOf: { id: 'alice' }, ...changes })
  return id
}

type AskOptions = Parameters<World['agent']['client']['createRequest']>[0]
