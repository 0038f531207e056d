import { createCeremonyErrorRoute } from './ceremony-error-route.ts'
import { createInvitationRoutes } from './invitation-routes.ts'
import { createJoinRoutes } from './join-routes.ts'
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
    ...createJoinRoutes(context),
    ...createRecoverRoutes(context),
    ...createPasskeyRoutes(context),
    ...createInvitationRoutes(context),
    ...createPersonRoutes(context),
    createCeremonyErrorRoute(context),
  ]
}
