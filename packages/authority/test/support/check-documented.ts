import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** A story comes with its proofs. */
const MAX_ANSWER_BYTES = 8_388_608

/** Judges the answers of one authority by its own document. */
interface Judge {
  readonly paths: readonly {
    readonly template: string
    readonly matcher: RegExp
    readonly item: JsonObject
  }[]
  /** Returns what a pointer into the document accepts. */
  readonly validatorOf: (pointer: readonly string[]) => ValidateFunction
}

const judges = new Map<string, Promise<Judge>>()

/**
 * The answer is one that `/openapi.json` of its authority describes: path, method, status, type and body. A path that
 * it does not have must not be served.
 *
 * @throws Error that says what is not documented
 */
export async function checkDocumented(
  call: { readonly url: URL; readonly method: string },
  response: Response,
  fetch: typeof globalThis.fetch,
): Promise<void> {
  const { url } = call
  // HEAD is GET without the body.
  const method = call.method === 'HEAD' ? 'GET' : call.method
  const judge = await judgeOf(url.origin, fetch)
  const path = judge.paths.find(
    ({ matcher, item }) => matcher.test(url.pathname) && method.toLowerCase() in item,
  )
  const about = `${method} ${path?.template ?? url.pathname} → ${response.status}`
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  if (!path) {
    if (response.status === 404 && type === 'application/problem+json') return
    if (response.status >= 400 && type === 'application/problem+json') return
    throw new Error(`${about}: no such route is documented`)
  }
  const operation = ['paths', path.template, method.toLowerCase(), 'responses']
  const responses = path.item[method.toLowerCase()]
  const documented =
    isJsonObject(responses) && isJsonObject(responses['responses']) ? responses['responses'] : {}
  const status = String(response.status) in documented ? String(response.status) : 'default'
  if (status === 'default' && response.status < 400) throw new Error(`${about}: no such answer is documented`)
  const answer = documented[status]
  const content = isJsonObject(answer) && isJsonObject(answer['content']) ? answer['content'] : undefined
  // A stream ends when whoever reads it has enough.
  if (type === 'text/event-stream' && content && type in content) return
  const text = await response.clone().text()
  if (!content) {
    if (text !== '') throw new Error(`${about}: a body where none is documented`)
    return
  }
  if (call.method === 'HEAD' && text === '') return
  if (!(type in content)) throw new Error(`${about}: ${type} is not documented`)
  if (!/^application\/(?:problem\+)?json$/u.test(type)) return
  const validate = judge.validatorOf([...operation, status, 'content', type, 'schema'])
  if (validate(parseJson(text, { maxBytes: MAX_ANSWER_BYTES }))) return
  throw new Error(`${about}: ${JSON.stringify(validate.errors).slice(0, 600)} in ${text.slice(0, 300)}`)
}

function judgeOf(origin: string, fetch: typeof globalThis.fetch): Promise<Judge> {
  const known = judges.get(origin)
  if (known) return known
  const made = readDocument(origin, fetch).then(createJudge)
  judges.set(origin, made)
  return made
}

const texts = new Map<string, Judge>()

async function readDocument(origin: string, fetch: typeof globalThis.fetch): Promise<string> {
  const response = await fetch(`${origin}/openapi.json`)
  return (await response.text()).replaceAll(origin, 'http://authority.test')
}

/** The same document is compiled once, whichever port it comes from. */
function createJudge(text: string): Judge {
  const known = texts.get(text)
  if (known) return known
  const document = parseJson(text)
  if (!isJsonObject(document) || !isJsonObject(document['paths'])) throw new Error('this is no document')
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'document')
  const validators = new Map<string, ValidateFunction>()
  const judge: Judge = {
    paths: Object.entries(document['paths']).map(([template, item]) => ({
      template,
      matcher: new RegExp(
        `^${template.replaceAll(/[.]/gu, '\\.').replaceAll(/\{[a-z]+\}/gu, '[^/]+')}$`,
        'u',
      ),
      item: objectOf(item),
    })),
    validatorOf: (pointer) => {
      const reference = `document#/${pointer.map(escapePointer).join('/')}`
      const validator = validators.get(reference) ?? ajv.compile({ $ref: reference })
      validators.set(reference, validator)
      return validator
    },
  }
  texts.set(text, judge)
  return judge
}

function objectOf(value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value
  throw new Error('this is no document')
}

function escapePointer(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
}
