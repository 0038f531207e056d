import type { Policy } from '@behalf/issuer'
import { readPolicy, ZONE_OPTION } from '../authority-policy.ts'
import type { Command, CommandContext } from '../command.ts'
import { COMMON_OPTIONS } from '../common-options.ts'
import { plain } from '../plain-text.ts'

/** `behalf policy check` */
export const command: Command = {
  usage: 'PATH [options]',
  about:
    'Reads a policy, a .cedar file or a folder of them, exactly as behalf serve would, and lists its rules with the digest that delegations will carry. What is wrong is named with file, line and column.',
  positionals: ['PATH'],
  options: { zone: ZONE_OPTION, ...COMMON_OPTIONS },
  example: 'behalf policy check house.cedar',
  run: check,
}

async function check({ io, args, output }: CommandContext): Promise<void> {
  const policy = await readPolicy(io, { path: args.argument('PATH'), zone: args.text('zone') })
  const { id, digest, zone, rules, patterns } = policy
  const document = {
    id,
    digest,
    zone,
    rules: rules.map(toDocument),
    patterns,
  }
  output.answer(document, [
    `${output.strong('The policy holds.')} ${plain(id)}, with hours and days in ${zone}`,
    `  ${digest}`,
    ...rules.flatMap(describeRule),
  ])
}

function toDocument({ id, effect, file, line, column, reason }: Policy['rules'][number]): object {
  return { id, effect, file, line, column, ...(reason !== undefined && { reason }) }
}

function describeRule({ id, effect, file, line, reason }: Policy['rules'][number]): string[] {
  const place = `  ${effect.padEnd(6)}  ${id}  (${plain(file)}:${line})`
  return reason === undefined ? [place] : [place, `          "${plain(reason)}"`]
}
