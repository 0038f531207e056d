import { once } from 'node:events'
import type { ProcessGroup } from '../process-group.ts'
import type { AgentCommands, Answer, Asked, CommandName } from './protocol.ts'

/** An agent in a process of its own, told what to do by messages. Its key never leaves that process. */
export interface AgentProcess {
  do<Name extends CommandName>(
    name: Name,
    args: AgentCommands[Name]['args'],
  ): Promise<AgentCommands[Name]['result']>
  /** The next request for a delegation that this agent makes, as soon as it has been made. */
  asked(): Promise<Asked>
}

/** Starts an agent process. */
export function startAgent(group: ProcessGroup): AgentProcess {
  const child = group.fork(new URL('./main.ts', import.meta.url).pathname, [])
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  let count = 0
  child.on('message', (answer: Answer) => {
    if (answer.kind === 'asked') return void child.emit('asked', answer.asked)
    const entry = waiting.get(answer.number)
    waiting.delete(answer.number)
    if (answer.kind === 'done') entry?.resolve(answer.result)
    else entry?.reject(Object.assign(new Error(answer.message), { code: answer.code }))
  })
  child.on('exit', () => {
    for (const entry of waiting.values()) entry.reject(new Error('the agent process ended'))
  })
  return {
    do: <Name extends CommandName>(name: Name, args: AgentCommands[Name]['args']) =>
      new Promise<AgentCommands[Name]['result']>((resolve, reject) => {
        count += 1
        waiting.set(count, { resolve: (result) => resolve(result as AgentCommands[Name]['result']), reject })
        child.send({ number: count, name, args })
      }),
    asked: async () => {
      const [asked] = (await once(child, 'asked')) as [Asked]
      return asked
    },
  }
}
