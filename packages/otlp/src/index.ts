export { scan, type ScanOptions } from "./scan.ts";
// JSON, objects and answers.
export { jsonToProtobuf, protobufToJson, toJson } from "./json.ts";
export { decode, decodeMessage } from "./decode.ts";
export { encode, encodeMessage } from "./encode.ts";
export { decodeReply, encodeReply } from "./reply.ts";
export { decodeStatus, encodeStatus, type FieldViolation, grpcCode, type Status } from "./status.ts";
export { errorOf, statusOf } from "./error-status.ts";
// What the messages look like.
export * from "./generated/model.ts";
export {
  type FieldKind,
  type FieldSchema,
  type MessageSchema,
  messages,
  requestNames,
  responseNames,
} from "./generated/schema.ts";
