// Error codes of HTTP/2 (RFC 9113 section 7), written down here because `node:http2` is loaded only when a connection is
// opened.

export const noError = 0;
export const refusedStream = 7;
export const cancel = 8;
export const enhanceYourCalm = 11;

const names: readonly string[] = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
];

/** For people. */
export function nameOfErrorCode(code: number): string {
  return names[code] ?? `code ${code}`;
}
