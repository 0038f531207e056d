import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import {
  HTTP_FAILURES,
  type RefusalEvidence,
  toProblemResponse,
  VerifierError,
  type VerifierErrorCode,
} from '@behalf/verifier'
import { describe, expect, test } from 'vitest'
import { explainCode } from '../apps/behalf/src/code-help.ts'
import { ROOT, readSourceFiles } from './support/source-files.ts'

const FOLDER = join(ROOT, 'docs', 'errors')
const SOURCES = [...readSourceFiles('packages'), ...readSourceFiles('apps')].filter(({ path }) =>
  path.includes('/src/'),
)
const SECTIONS = ['What happened', 'How to mend it', 'Example']
/** Where codes are only listed or explained. The tokens of Signature-Error are another vocabulary. */
const LISTING = /\/(?:error|http-failure|code-help|signature-error-token)\.ts$/u
const FACTS =
  /^(?:HTTP (?<status>\d{3})|No HTTP answer)(?<remark>[^·]*) · (?<layer>[a-z ]+) layer · (?:exit [12] · )?retry: (?<retry>yes|no)\b/u

const DECLARED: ReadonlySet<string> = new Set(
  SOURCES.filter(({ path }) => path.endsWith('/src/error.ts')).flatMap(({ text }) => readUnions(text)),
)
const PRODUCED = [...DECLARED].filter((code) => SOURCES.some((file) => isProducedIn(file, code))).toSorted()
const PAGES = readdirSync(FOLDER)
  .filter((name) => name !== 'README.md')
  .map((name) => name.replace(/\.md$/u, ''))
  .toSorted()
const INDEX = readIndex(readFileSync(join(FOLDER, 'README.md'), 'utf8'))

/** The members of every union and list of codes in a source text. */
function readUnions(text: string): readonly string[] {
  const lists = text.matchAll(/(?:type \w*Code =|_CODES = \[)((?:\s*\|?\s*(?:'[a-z_]+'|[A-Z]\w*),?)+)/gu)
  return [...lists].flatMap(([, list = '']) =>
    [...list.matchAll(/'([a-z_]+)'/gu)].map(([, code = '']) => code),
  )
}

function isProducedIn(
  { path, text }: { readonly path: string; readonly text: string },
  code: string,
): boolean {
  return !LISTING.test(path) && text.includes(`'${code}'`)
}

/** Code, link and HTTP status of every row of the index. */
function readIndex(text: string): ReadonlyMap<string, { readonly link: string; readonly status: string }> {
  const rows = [...text.matchAll(/^\| \[([a-z_]+)\]\(([^)]+)\) \| (\d{3}|–) \| \S.*\. \|$/gmu)]
  expect(rows.length).toBe(text.split('\n').filter((line) => line.startsWith('| [')).length)
  expect(new Set(rows.map(([, code]) => code)).size).toBe(rows.length)
  return new Map(rows.map(([, code = '', link = '', status = '']) => [code, { link, status }]))
}

function isHttpCode(code: string): code is VerifierErrorCode {
  return Object.hasOwn(HTTP_FAILURES, code)
}

interface Page {
  readonly text: string
  readonly lines: readonly string[]
  readonly facts: RegExpExecArray
  /** Bodies of the fenced blocks of the example, by their language. */
  readonly examples: readonly { readonly language: string; readonly body: string }[]
}

function readPage(code: string): Page {
  const text = readFileSync(join(FOLDER, `${code}.md`), 'utf8')
  const lines = text.split('\n')
  const facts = FACTS.exec(lines[2] ?? '')
  if (facts === null) throw new Error(`the third line of ${code}.md does not state the facts`)
  const blocks = text.slice(text.indexOf('## Example')).matchAll(/^```([a-z]*)\n(.*?)^```$/gmsu)
  return {
    text,
    lines,
    facts,
    examples: [...blocks].map(([, language = '', body = '']) => ({ language, body })),
  }
}

/** The one answer of a page: its status, the headers that are shown, its document. */
function readAnswer({ examples }: Page): {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly document: JsonObject
  readonly requestId: string
} {
  const answers = examples.filter(({ body }) => body.startsWith('HTTP/1.1 '))
  expect(answers).toHaveLength(1)
  const [head = '', body = ''] = (answers[0]?.body ?? '').split('\n\n')
  const [statusLine = '', ...lines] = head.split('\n')
  const document = parseJson(body.trim())
  if (!isJsonObject(document)) throw new Error('the answer is not a JSON object')
  const { request_id: requestId } = document
  if (typeof requestId !== 'string') throw new Error('the answer has no request_id')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
  return { status: Number(statusLine.split(' ')[1]), headers, document, requestId }
}

/** What a refusal must have carried, so that the project answers like the page shows. */
function readEvidence({ document, headers }: ReturnType<typeof readAnswer>): RefusalEvidence {
  const { missing, link, field, required_scope: requiredScope } = document
  const retryAfter = headers.find(([name]) => name === 'Retry-After')?.[1]
  return {
    ...(Array.isArray(missing) ? { missing: missing.map(String) } : {}),
    ...(typeof link === 'number' ? { link } : {}),
    ...(typeof field === 'string' ? { field } : {}),
    ...(typeof requiredScope === 'string' ? { requiredScope } : {}),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
  }
}

describe('the pages of the error codes', () => {
  test('are there for every code that something produces, and for no other', () => {
    expect(Object.keys(HTTP_FAILURES).filter((code) => !DECLARED.has(code))).toEqual([])
    expect(PAGES).toEqual(PRODUCED)
  })

  test('are where the Link of an answer leads', () => {
    const named = PAGES.filter(isHttpCode).map((code) => {
      const options = { origin: 'https://api.test', requestId: 'r' }
      const { headers } = toProblemResponse(new VerifierError(code, 'for the log'), options)
      return headers.find(([name]) => name === 'Link')?.[1]
    })
    const expected = PAGES.filter(isHttpCode).map((code) => `<https://behalf.dev/errors/${code}>; rel="help"`)
    expect(named).toEqual(expected)
  })

  test('are all in the index, with their status', () => {
    expect([...INDEX.keys()].toSorted()).toEqual(PAGES)
    for (const [code, { link, status }] of INDEX) {
      expect(link).toBe(`${code}.md`)
      expect(status, code).toBe(isHttpCode(code) ? String(HTTP_FAILURES[code].status) : '–')
    }
  })
})

describe.each(PAGES)('the page of %s', (code) => {
  const page = readPage(code)

  test('has its title, its sections and a length one reads at once', () => {
    expect(page.lines[0]).toBe(`# ${code}`)
    const titles = page.lines.filter((line) => line.startsWith('#')).slice(1)
    expect(titles).toEqual(SECTIONS.map((section) => `## ${section}`))
    for (const section of page.text.split(/^## .*$/mu).slice(1)) expect(section.trim()).not.toBe('')
    expect(page.lines.length - 1).toBeGreaterThanOrEqual(15)
    expect(page.lines.length - 1).toBeLessThanOrEqual(40)
  })

  test('states the status of the table, and whether a retry helps', () => {
    const { status, retry } = page.facts.groups ?? {}
    expect(status).toBe(isHttpCode(code) ? String(HTTP_FAILURES[code].status) : undefined)
    if (isHttpCode(code)) expect(retry).toBe(HTTP_FAILURES[code].retryable ? 'yes' : 'no')
  })

  test('has an example that names it', () => {
    expect(page.examples.some(({ body }) => body.includes(code))).toBe(true)
  })

  test('shows words of the command as the command says them', () => {
    for (const { body } of page.examples.filter(({ language }) => language === 'console')) {
      expect(body).toMatch(/^\$ (?:[A-Z_]+=\S+ )?behalf /u)
      expect(body).toContain(`(${code})\n`)
      const meaning = /^ {2}this means: (.*)$/mu.exec(body)?.[1]
      expect(meaning).toBe(code === 'usage_invalid' ? undefined : explainCode(code).meaning)
    }
  })
})

// A code that only a library throws has a status in the table and no answer to show; its facts say so.
const ANSWERED = PAGES.filter(isHttpCode).filter((code) => readPage(code).facts.groups?.['remark'] === '')

test.each(ANSWERED)('the page of %s shows an answer as the verifier gives it', (code) => {
  const answer = readAnswer(readPage(code))
  const shown = new Map(answer.headers)
  const given = toProblemResponse(new VerifierError(code, 'for the log', readEvidence(answer)), {
    origin: 'https://api.test',
    requestId: answer.requestId,
    now: Date.parse(shown.get('Date') ?? '2026-12-01T12:00:00Z'),
  })
  expect(answer.status).toBe(given.status)
  expect(JSON.stringify(answer.document)).toBe(given.body)
  expect(given.headers).toEqual(expect.arrayContaining([...answer.headers]))
})
