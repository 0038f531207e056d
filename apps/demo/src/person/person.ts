/** Somebody who decides: a person at a browser, or a program that says that it is one. */
export interface Person {
  /** Becomes the first person of the authority, `alice`, with a passkey. */
  claim(): Promise<void>
  /**
   * Decides on a request.
   *
   * @param decided resolves when the agent knows the decision
   */
  decide(
    request: { readonly id: string; readonly approvalUrl: string },
    decided: Promise<void>,
  ): Promise<void>
  /** For whom the reader may decide in a browser after the story, and what to open for it. */
  reader(): Promise<{ readonly id: string; readonly invitation: string | undefined }>
}
