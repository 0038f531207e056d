/** What differs between runtimes about one gzip member without optional fields, or one ZLIB stream. */
export interface GzipBackend {
  /** The member whose content is `bytes`. */
  compress(bytes: Uint8Array): Uint8Array
  /**
   * The content of a member, or undefined when the bytes are not exactly one, its checksum or length is wrong, or the
   * content is longer than `maxBytes`, of which no more is ever held. Its header has been looked at before.
   */
  decompress(member: Uint8Array, maxBytes: number): Uint8Array | undefined
  /** The ZLIB stream whose content is `bytes`. */
  compressZlib(bytes: Uint8Array): Uint8Array
  /**
   * The content of a ZLIB stream, or undefined when the bytes are not exactly one without a preset dictionary, its
   * checksum is wrong, or the content is longer than `maxBytes`, of which no more is ever held.
   */
  decompressZlib(stream: Uint8Array, maxBytes: number): Uint8Array | undefined
}
