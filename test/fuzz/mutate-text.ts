import type { Random } from './random.ts'
import { PIECES } from './vocabulary.ts'

type Mutation = (text: string, random: Random) => string

const TOKENS = /"(?:[^"\\]|\\.)*"|:[A-Za-z0-9+/=]*:|[A-Za-z*@][\w.*-]*|-?\d+(?:\.\d+)?|\s+|./gs
const MAX_TOKENS = 200

/** Changes one bit of one character; characters are bytes. */
export function flipBit(text: string, random: Random): string {
  const at = random.below(text.length)
  const flipped = text.charCodeAt(at) ^ (1 << random.below(8))
  return text.slice(0, at) + String.fromCharCode(flipped & 0xff) + text.slice(at + 1)
}

/** Changes one bit of one byte, in place. */
export function flipByte(bytes: Uint8Array, random: Random): void {
  const at = random.below(bytes.length)
  const byte = bytes[at]
  if (byte !== undefined) bytes[at] = byte ^ (1 << random.below(8))
}

/** Changes a text by one step of its grammar: a token is removed, repeated, swapped, replaced or put in. */
export function mutateGrammar(text: string, random: Random): string {
  return random.pick(GRAMMAR_MUTATIONS)(text, random)
}

/** Random characters, most of them of one kind. */
export function randomText(random: Random, maxLength: number): string {
  const length = random.below(random.chance(0.1) ? maxLength : Math.min(maxLength, 40))
  const kind = random.below(4)
  let text = ''
  while (text.length < length) text += randomPiece(random, kind)
  return text
}

function randomPiece(random: Random, kind: number): string {
  if (kind === 0) return String.fromCharCode(random.below(256))
  if (kind === 1) return String.fromCharCode(0x20 + random.below(95))
  if (kind === 2) return random.pick(PIECES)
  return random.chance(0.8) ? random.pick(PIECES) : String.fromCharCode(0x20 + random.below(95))
}

const editCharacter: Mutation = (text, random) => {
  const at = random.below(text.length + 1)
  const put = random.chance(0.5) ? random.pick(PIECES) : String.fromCharCode(random.below(256))
  return text.slice(0, at) + put + text.slice(at + random.below(2))
}

const cut: Mutation = (text, random) => text.slice(0, random.below(text.length))

const cutOut: Mutation = (text, random) => {
  const at = random.below(text.length)
  return text.slice(0, at) + text.slice(at + 1 + random.below(20))
}

const changeCase: Mutation = (text, random) => {
  const at = random.below(text.length)
  const part = text.slice(at, at + 1 + random.below(8))
  const changed = part === part.toLowerCase() ? part.toUpperCase() : part.toLowerCase()
  return text.slice(0, at) + changed + text.slice(at + part.length)
}

const repeat: Mutation = (text, random) => text + random.pick(['', ',', ', ', ';', ' ']) + text

/** Finds some neighbouring tokens, so that long texts cost no more than short ones. */
function atToken(change: (tokens: string[], at: number, random: Random) => void): Mutation {
  return (text, random) => {
    const start = text.length > 600 && random.chance(0.5) ? random.below(text.length) : 0
    const tokens: string[] = []
    TOKENS.lastIndex = start
    for (
      let match = TOKENS.exec(text);
      match !== null && tokens.length < MAX_TOKENS;
      match = TOKENS.exec(text)
    ) {
      tokens.push(match[0])
    }
    const end = start + tokens.reduce((length, token) => length + token.length, 0)
    change(tokens, random.below(tokens.length), random)
    return text.slice(0, start) + tokens.join('') + text.slice(end)
  }
}

const GRAMMAR_MUTATIONS: readonly Mutation[] = [
  atToken((tokens, at) => void tokens.splice(at, 1)),
  atToken((tokens, at) => void tokens.splice(at, 0, tokens[at] ?? '')),
  atToken((tokens, at, random) => void tokens.splice(at, 0, random.pick(PIECES))),
  atToken((tokens, at, random) => void tokens.splice(at, 1, random.pick(PIECES))),
  atToken((tokens, at, random) => void tokens.splice(at, 1, mutateInside(tokens[at] ?? '', random))),
  atToken((tokens, at, random) => {
    const [moved = ''] = tokens.splice(at, 1)
    tokens.splice(random.below(tokens.length + 1), 0, moved)
  }),
  editCharacter,
  cut,
  cutOut,
  changeCase,
  repeat,
]

function mutateInside(token: string, random: Random): string {
  const number = Number(token)
  if (token !== '' && Number.isInteger(number)) {
    return String(number + random.pick([1, -1, 5, -5, 6, 60, -60, 300, 301, -301, 1e6, -number]))
  }
  return random.pick([editCharacter, cutOut, changeCase, flipBit])(token, random)
}
