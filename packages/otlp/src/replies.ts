// The entry `@otlpkit/otlp/replies`: answers and errors, for those who send.
export { decodeReply, encodeReply } from "./reply.ts";
export { decodeStatus, encodeStatus, type FieldViolation, grpcCode, type Status } from "./status.ts";
export { statusMessage } from "./status-message.ts";
export { errorOf, statusOf } from "./error-status.ts";
