import { type Compressor, type Middleware, middleware } from "@otlpkit/core";

/** Options of {@link compress}. */
export interface CompressOptions {
  /**
   * Smaller bodies go out as they are. Default 1024: with its headers such a request fits into one network packet
   * either way, and the fixed cost of starting a compressor, 40 to 90 µs, is the larger part of sending it.
   */
  readonly minBytes?: number;
}

/**
 * Compresses bodies on their way out, once for all attempts if it stands before `retry`.
 *
 * Leaves alone what has a coding already, what is smaller than `minBytes`, and what would not become smaller.
 *
 * ```ts
 * const exporter = pipe(compress(gzip()), retry(), transport.connect(endpoint));
 * ```
 */
export function compress(compressor: Compressor, options: CompressOptions = {}): Middleware {
  const minBytes = options.minBytes ?? 1024;
  return middleware(async (batch, sendOptions, next) => {
    if (batch.encoding !== "identity" || batch.body.byteLength < minBytes) return next(batch, sendOptions);
    const body = await compressor.compress(batch.body);
    if (body.byteLength >= batch.body.byteLength) return next(batch, sendOptions);
    return next({ ...batch, body, encoding: compressor.name }, sendOptions);
  });
}
