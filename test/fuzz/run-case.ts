import { BehalfError } from '@behalf/core'
import { HTTP_FAILURES, VerifierError } from '@behalf/verifier'
import { copyDraft, findLine } from './draft.ts'
import type { FuzzCase, RequestCase, StatusCase, TextCase } from './fuzz-case.ts'
import { judgeAcceptance } from './oracle.ts'
import { PARSERS } from './parsers.ts'
import type { Registry } from './registry.ts'
import { NOW, type Publication } from './status.ts'
import { must, Violation } from './violation.ts'
import { answersOf, createFedSource, type Verified, type World } from './world.ts'

/** What a case is judged by. */
export interface Judgement {
  /** Whether verifiers that keep what they verified decide, those that do not, or both, which must agree. */
  readonly guards: 'warm' | 'cold' | 'both'
  readonly registry: Registry
  readonly publications: readonly Publication[]
}

const STATUS_CODES = ['status_invalid', 'status_rollback', 'status_stale', 'status_unavailable']

/**
 * Runs one input and judges what came of it.
 *
 * @returns `ok` or the code of the refusal
 * @throws Violation for everything that must never happen
 */
export async function runCase(fuzzCase: FuzzCase, judgement: Judgement): Promise<string> {
  switch (fuzzCase.type) {
    case 'request':
      return await runRequest(fuzzCase, judgement)
    case 'text':
      return runText(fuzzCase, judgement.publications)
    case 'status':
      return await runStatus(fuzzCase, judgement.publications)
  }
}

async function runRequest(fuzzCase: RequestCase, { registry, guards }: Judgement): Promise<string> {
  const { world, draft, mustAccept, isRepeated } = fuzzCase
  const guard = guards === 'cold' ? world.cold : world.guard
  world.reset()
  const decision = { guard, world, draft, registry }
  const code = guards === 'both' ? await decideTwice(decision) : await decide(decision)
  must(world.faults.length === 0, `a fault was reported: ${String(world.faults[0])}`)
  must(code === 'ok' || !mustAccept, `refused an honest request with ${code}`)
  if (!isRepeated || code !== 'ok') return code
  const second = await decide({ guard, world, draft: copyDraft(draft), registry })
  must(second === 'nonce_replayed', `answered a replay with ${second}`)
  return second
}

/** What was verified before makes no difference, but to a request that only names its chain. */
async function decideTwice(decision: Decision): Promise<string> {
  const { world, draft } = decision
  const code = await decide(decision)
  if (/=cached;/.test(findLine(draft, 'signature-key')?.[1] ?? '')) return code
  world.reset()
  const cold = await decide({ ...decision, guard: world.cold })
  must(cold === code, `decided ${code}, and ${cold} when nothing is kept`)
  return code
}

interface Decision extends Pick<RequestCase, 'world' | 'draft'> {
  readonly guard: World['guard']
  readonly registry: Registry
}

async function decide({ guard, world, draft, registry }: Decision): Promise<string> {
  let verified: Verified
  try {
    verified = await guard.verify(draft)
  } catch (error) {
    return judgeRefusal(error, world)
  }
  judgeAcceptance({ draft, world, registry, verified })
  return 'ok'
}

/** A refusal is of the one class, has a row in the table, and its answer can be sent. */
function judgeRefusal(error: unknown, world: World): string {
  if (!(error instanceof VerifierError)) throw new Violation(`threw ${describe(error)}`)
  const { code } = error
  must(Object.hasOwn(HTTP_FAILURES, code), `refused with ${code}, which is not in the table`)
  must(code !== 'internal_error', `internal error: ${describe(error.cause)}`)
  const { status, headers, body } = world.guard.refuse(error, '01ARZ3NDEKTSV4RRFFQ69G5FAV')
  must(status >= 400 && status < 500 ? true : world.isStale && status === 503, `answered with ${status}`)
  must(
    headers.every((line) => line.every((text) => /^[\t -~]+$/.test(text))),
    'a header of the answer cannot be sent',
  )
  must(Object(JSON.parse(body)).code === code, 'the answer names another code')
  return code
}

function runText({ parser: name, text }: TextCase, publications: readonly Publication[]): string {
  const parser = PARSERS[name]
  const [publication] = publications
  must(parser !== undefined && publication !== undefined, `there is no parser ${name}`)
  try {
    parser.read(text, publication)
    return 'ok'
  } catch (error) {
    if (error instanceof Violation) throw error
    if (!(error instanceof parser.error) || !(error instanceof BehalfError)) {
      throw new Violation(`${name} threw ${describe(error)}`)
    }
    must(parser.codes?.includes(error.code) ?? true, `${name} refused with ${error.code}`)
    return error.code
  }
}

/** What a status source believes was signed by its issuer, whatever is served. */
async function runStatus({ answers }: StatusCase, publications: readonly Publication[]): Promise<string> {
  const source = createFedSource(publications, answers, NOW)
  await source.poll()
  const codes = publications.map((publication) => {
    try {
      source.read(publication.issuer.did)
    } catch (error) {
      must(error instanceof VerifierError, `the status source threw ${describe(error)}`)
      must(STATUS_CODES.includes(error.code), `the status source refused with ${error.code}`)
      return error.code
    }
    const served = [publication.heartbeatUrl, ...publication.lists.keys()]
    const honest = answersOf([publication])
    must(
      served.every((url) => answers.get(url) === honest.get(url)),
      'believed a status that nobody signed',
    )
    return 'ok'
  })
  source.close()
  return codes.find((code) => code !== 'ok') ?? 'ok'
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error)
}
