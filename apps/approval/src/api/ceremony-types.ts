import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser'

export type CreationOptions = PublicKeyCredentialCreationOptionsJSON
export type RequestOptions = PublicKeyCredentialRequestOptionsJSON
export type SignIn = AuthenticationResponseJSON

/** A new passkey under the name that its owner gave it. */
export interface Registration {
  readonly ceremony: string
  readonly passkey_name: string
  readonly response: RegistrationResponseJSON
}

/** A fresh assertion that goes with an action that needs one. */
export interface StepUp {
  readonly ceremony: string
  readonly response: AuthenticationResponseJSON
}
