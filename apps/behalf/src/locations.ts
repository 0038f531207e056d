import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Arguments, OptionSpecs } from './arguments.ts'
import { CommandError, usageError } from './error.ts'
import type { BehalfIo } from './io.ts'

const WALLET_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** The name of a wallet when none is given. */
export const DEFAULT_WALLET = 'default'

/** The options that choose the wallet of an agent. */
export const WALLET_OPTIONS: OptionSpecs = {
  wallet: { kind: 'text', value: 'NAME', help: 'the wallet to use (default: default)' },
  'wallet-file': { kind: 'text', value: 'PATH', help: 'the wallet to use, by its file' },
}

/** The options that choose the wallet of an operator. */
export const OPERATOR_OPTIONS: OptionSpecs = {
  operator: { kind: 'text', value: 'FILE', help: 'the operator wallet (default: the one behalf serve made)' },
}

/** The options of a command that an agent and an operator may run. */
export const AS_OPERATOR_OPTIONS: OptionSpecs = {
  'as-operator': { kind: 'flag', help: 'act as the operator of the authority, not as an agent' },
  operator: { kind: 'text', value: 'FILE', help: 'the same, with the operator wallet of this file' },
}

/** The option that names the authority. */
export const AUTHORITY_OPTIONS: OptionSpecs = {
  authority: {
    kind: 'text',
    value: 'URL',
    help: 'the authority (default: $BEHALF_AUTHORITY, else http://localhost:8787)',
  },
}

/** The folder everything of this person lives in: `$BEHALF_HOME`, else `~/.behalf`. */
export function behalfHome(io: BehalfIo): string {
  const named = io.env.BEHALF_HOME ?? ''
  return named === '' ? join(io.env.HOME ?? homedir(), '.behalf') : resolve(io.cwd, named)
}

/** The folder of an authority: `--data`, else `authority` in the home folder. */
export function dataFolder(io: BehalfIo, named: string | undefined): string {
  return named === undefined ? join(behalfHome(io), 'authority') : resolve(io.cwd, named)
}

/** The operator wallet that `behalf serve` makes in its data folder. */
export function operatorFile(folder: string): string {
  return join(folder, 'operator.wallet.age')
}

/** The folder of the named wallets. */
export function walletFolder(io: BehalfIo): string {
  return join(behalfHome(io), 'wallets')
}

/**
 * The file of the wallet a command line chooses by `--wallet` or `--wallet-file`.
 *
 * @throws CommandError `input_invalid` for a name outside `[a-z0-9][a-z0-9-]{0,63}`, `usage_invalid` for both options
 */
export function chooseWalletFile(io: BehalfIo, args: Arguments): string {
  const name = args.text('wallet')
  const file = args.text('wallet-file')
  if (name !== undefined && file !== undefined) {
    throw usageError('--wallet and --wallet-file choose one wallet each', 'give one of them')
  }
  return file === undefined ? namedWalletFile(io, name ?? DEFAULT_WALLET) : resolve(io.cwd, file)
}

/**
 * The file of a wallet by its name.
 *
 * @throws CommandError `input_invalid` for a name outside `[a-z0-9][a-z0-9-]{0,63}`
 */
export function namedWalletFile(io: BehalfIo, name: string): string {
  if (!isWalletName(name)) {
    throw new CommandError(
      'input_invalid',
      'a wallet name is made of a-z, 0-9 and -, at most 64, first no dash',
      {
        next: 'choose such a name, or give the file with --wallet-file',
      },
    )
  }
  return join(walletFolder(io), `${name}.age`)
}

/** Whether a name may name a wallet; such a name is a safe file name everywhere. */
export function isWalletName(name: string): boolean {
  return WALLET_NAME.test(name)
}

/** Whether a command that both may run is meant as the operator's. */
export function isOperator(args: Arguments): boolean {
  return args.flag('as-operator') || args.text('operator') !== undefined
}

/**
 * Makes sure that a command meant as the operator's does not choose the wallet of an agent as well.
 *
 * @throws CommandError `usage_invalid`
 */
export function refuseAgentWallet(args: Arguments): void {
  if ((args.text('wallet') ?? args.text('wallet-file')) !== undefined) {
    throw usageError('an operator and the wallet of an agent are both chosen', 'act as one of them')
  }
}

/** The operator wallet a command line chooses by `--operator`, else the default one. */
export function chooseOperatorFile(io: BehalfIo, args: Arguments): string {
  const file = args.text('operator')
  return file === undefined ? operatorFile(dataFolder(io, undefined)) : resolve(io.cwd, file)
}

/**
 * The origin of the authority a command line names: `--authority`, else `$BEHALF_AUTHORITY`, else the local default.
 *
 * @throws CommandError `input_invalid` unless it is an http(s) origin
 */
export function chooseAuthority(io: BehalfIo, args: Arguments): string {
  const named = args.text('authority') ?? io.env.BEHALF_AUTHORITY ?? ''
  return named === '' ? 'http://localhost:8787' : parseOrigin(named)
}

/**
 * The origin a URL without path, query and fragment names; one slash at the end is allowed. Plain http only on this
 * machine: elsewhere everybody on the way would read delegations and could drop them.
 *
 * @throws CommandError `input_invalid`
 */
export function parseOrigin(text: string): string {
  const url = URL.parse(text)
  if (url === null || (text !== url.origin && text !== `${url.origin}/`) || !isProtected(url)) {
    throw new CommandError('input_invalid', `${JSON.stringify(text)} is not the origin of a server`, {
      next: 'write it like https://authority.example.com, without a path; http is for this machine only',
    })
  }
  return url.origin
}

/** Whether nobody on the way reads or alters what goes to a URL: https, or this machine. */
export function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

/** Whether a host, as the URL parser spells it, is this machine under one of its three usual names. */
export function isLoopback(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
