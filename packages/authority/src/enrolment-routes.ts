import { ANSWERS } from './answer-schemas.ts'
import { newEnrolmentSchema, workloadSchema } from './body-schemas.ts'
import { defined } from './defined.ts'
import { readId } from './read-input.ts'
import type { SignedContext } from './request-routes.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from './route.ts'
import { enrolledWorkloadToWire, enrolmentToWire } from './to-wire.ts'
import type { VerifyWorkload } from './workload/verify-workload.ts'

/** The routes about enrolments. */
export function createEnrolmentRoutes({
  issuer,
  verifyWorkload,
}: SignedContext & { readonly verifyWorkload: VerifyWorkload }): readonly Route[] {
  return [
    defineRoute({
      name: 'GET /enrolments',
      summary: 'The enrolments in force, newest first',
      answers: { 200: jsonAnswer('At most 500', ANSWERS.enrolments) },
      run: async () => json(200, { enrolments: (await issuer.listEnrolments()).map(enrolmentToWire) }),
    }),
    defineRoute({
      name: 'POST /enrolments',
      summary: 'Enrol an agent key: within these terms its requests need no decision',
      body: newEnrolmentSchema,
      answers: { 201: jsonAnswer('The enrolment', ANSWERS.enrolment) },
      run: async (call) => {
        const { body } = call
        const enrolment = await issuer.enrol({
          operator: requireCaller(call).did,
          agent: body.agent,
          onBehalfOf: defined(body.on_behalf_of),
          capabilities: body.capabilities,
          maxSeconds: body.max_seconds,
          ...defined({
            maxDelegationDepth: body.max_delegation_depth,
            validUntil: body.valid_until === undefined ? undefined : Date.parse(body.valid_until),
          }),
        })
        return json(201, enrolmentToWire(enrolment))
      },
    }),
    defineRoute({
      name: 'POST /enrolments/workload',
      summary: 'Prove where the key that signs runs, and have what is granted there until the proof ends',
      body: workloadSchema,
      answers: { 201: jsonAnswer('What was proven, and what it gives', ANSWERS.enrolledWorkload) },
      run: async (call) => {
        const verified = await verifyWorkload(call.body.workload, requireCaller(call).did)
        return json(201, enrolledWorkloadToWire(await issuer.enrolWorkload(verified)))
      },
    }),
    defineRoute({
      name: 'DELETE /enrolments/{id}',
      summary: 'Withdraw an enrolment; what was issued under it stays',
      answers: { 204: { description: 'It is withdrawn' } },
      run: async (call) => {
        await issuer.withdrawEnrolment({ id: readId(call.param), operator: requireCaller(call).did })
        return { status: 204 }
      },
    }),
  ]
}
