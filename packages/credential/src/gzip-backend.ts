/** What differs between runtimes about one gzip member without optional fields. */
export interface GzipBackend {
  /** The member whose content is `bytes`. */
  compress(bytes: Uint8Array): Uint8Array
  /**
   * The content of a member, or undefined when the bytes are not exactly one, its checksum or length is wrong, or the
   * content is longer than `maxBytes`, of which no more is ever held. Its header has been looked at before.
   */
  decompress(member: Uint8Array, maxBytes: number): Uint8Array | undefined
}
