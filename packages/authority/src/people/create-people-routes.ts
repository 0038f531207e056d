import { createPushRoutes } from '../notices/push-routes.ts'
import { createWebhookRoutes } from '../notices/webhook-routes.ts'
import { createActiveRoutes } from './active-routes.ts'
import { createApprovalRoutes } from './approval-routes.ts'
import { createCeremonyErrorRoute } from './ceremony-error-route.ts'
import { createConfirmationRoute } from './confirmation-route.ts'
import { createHistoryRoute } from './history-route.ts'
import { createInboxRoutes } from './inbox-routes.ts'
import { createInvitationRoutes } from './invitation-routes.ts'
import { createJoinRoutes } from './join-routes.ts'
import { createLiveRoute } from './live-route.ts'
import { createPersonalLogRoutes } from './log-routes.ts'
import { createOidcRoutes } from './oidc-routes.ts'
import { createOwnEnrolmentRoutes } from './own-enrolment-routes.ts'
import { createPasskeyRoutes } from './passkey-routes.ts'
import type { PeopleContext } from './people-context.ts'
import type { PeopleRoute } from './people-route.ts'
import { createPersonRoutes } from './person-routes.ts'
import { createRecoverRoutes } from './recover-routes.ts'
import { createSessionRoutes } from './session-routes.ts'

/** Every route for people. */
export function createPeopleRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    ...createSessionRoutes(context),
    ...createOidcRoutes(context),
    ...createJoinRoutes(context),
    ...createRecoverRoutes(context),
    ...createPasskeyRoutes(context),
    ...createInvitationRoutes(context),
    ...createPersonRoutes(context),
    ...createInboxRoutes(context),
    ...createApprovalRoutes(context),
    ...createOwnEnrolmentRoutes(context),
    ...createActiveRoutes(context),
    createConfirmationRoute(context),
    ...createWebhookRoutes(context),
    ...createPushRoutes(context),
    createHistoryRoute(context),
    ...createPersonalLogRoutes(context),
    createLiveRoute(context),
    createCeremonyErrorRoute(context),
  ]
}
