import { BehalfError } from '@behalf/core'
import { explainCode } from './code-help.ts'
import { CommandError } from './error.ts'
import { plain, toPlainText } from './plain-text.ts'
import { isSystemError } from './system-error.ts'

/** A failure in the form the command reports it. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly next: string
  /** The handle of the refused call at the authority, if it came so far. */
  readonly requestId: string | undefined
  /** Why a person or a policy refused, in words of the authority's side. */
  readonly reason: string | undefined
  /** The further lines for people. */
  readonly lines: readonly string[]
  /** Further members of the JSON document. */
  readonly document: Readonly<Record<string, unknown>>
}

/** What to report of anything thrown; what is neither ours nor the file system's is an `internal_error`. */
export function describeFailure(error: unknown): Failure {
  const code = codeOf(error)
  const { meaning, next: usual } = explainCode(code)
  const next = (error instanceof CommandError ? error.next : undefined) ?? usual
  const requestId = textOf(error, 'requestId')
  const reason = textOf(error, 'reason')
  const meant = code === 'usage_invalid' ? [] : [`  this means: ${meaning}`]
  return {
    code,
    message: describeMessage(error, meaning),
    next,
    lines: [...meant, ...describeReason(reason), `  what to do: ${next}`, ...describeHandle(requestId)],
    requestId,
    reason,
    document: (error instanceof CommandError ? error.document : undefined) ?? {},
  }
}

const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT']
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR']

// Asked by its member, since loading the wallet only to know its error class would slow every refusal down.
function textOf(error: unknown, name: 'requestId' | 'reason'): string | undefined {
  if (!(error instanceof BehalfError)) {
    return undefined
  }
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}

function describeReason(reason: string | undefined): string[] {
  if (reason === undefined) {
    return []
  }
  const { text, warnings } = toPlainText(reason)
  return [
    `  the reason they gave: "${text}"`,
    ...warnings.map((warning) => `  careful: this text ${warning}`),
  ]
}

function describeHandle(requestId: string | undefined): string[] {
  return requestId === undefined ? [] : [`  request id: ${plain(requestId)}`]
}

function codeOf(error: unknown): string {
  if (error instanceof BehalfError) {
    return error.code
  }
  if (isSystemError(error, ...UNWRITABLE)) {
    return 'folder_unwritable'
  }
  return isSystemError(error, ...ABSENT) ? 'not_found' : 'internal_error'
}

function describeMessage(error: unknown, meaning: string): string {
  if (isAnswered(error)) {
    return `the authority refused: ${meaning}`
  }
  return error instanceof Error && error.message !== '' ? plain(error.message) : 'the command failed'
}

// What an authority answers in words says only whether to try again; the code says what was wrong.
function isAnswered(error: unknown): boolean {
  return error instanceof BehalfError && 'detail' in error && typeof error.detail === 'string'
}
