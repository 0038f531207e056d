import type { z } from '@hono/zod-openapi'
import type { AuthenticatedCaller, RouteName } from '../access.ts'
import type { Answer, AnswerSpec } from '../route.ts'
import type { Form } from './read-form.ts'

/** One call of an OAuth client: who it is was proven. */
export interface OauthCall {
  readonly form: Form
  readonly caller: AuthenticatedCaller
}

/** One route for OAuth clients. Its rule in `ACCESS` is `client`. */
export interface OauthRoute {
  readonly name: RouteName
  readonly summary: string
  /** What the form may say, for the document. */
  readonly form: z.ZodType
  readonly answers: Readonly<Record<number, AnswerSpec>>
  run(call: OauthCall): Promise<Answer>
}
