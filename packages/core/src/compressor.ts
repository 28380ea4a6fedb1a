/** A content coding, both ways. */
export interface Compressor {
  /** As it goes on the wire: "gzip", "zstd". */
  readonly name: string;
  compress(body: Uint8Array): Promise<Uint8Array>;
  /**
   * Undoes `compress`. Throws {@link ExportError} "too-large" rather than produce more than `maxBytes`, and "invalid"
   * when `body` is cut short or damaged.
   */
  decompress(body: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}
