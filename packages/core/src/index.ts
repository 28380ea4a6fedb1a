export { type Batch, type Format, protobufBatch } from "./batch.ts";
export { type Ack, accepted, type Sender, type SendOptions } from "./sender.ts";
export { type Middleware, middleware, pipe, type Step } from "./middleware.ts";
export { ExportError, type ExportErrorCode, type ExportErrorDetails } from "./errors.ts";
export { type Signal, type SignalFacts, signalNames, signals } from "./signal.ts";
// For authors of transports, receivers and other parts.
export type { Endpoint } from "./endpoint.ts";
export type { Transport } from "./transport.ts";
export type { Listening, Receiver } from "./receiver.ts";
export type { Compressor } from "./compressor.ts";
export type { CredentialProvider } from "./credentials.ts";
export { authenticate, type AuthenticateOptions } from "./authenticate.ts";
export type { Route } from "./route.ts";
export type { Registered, Registrar, Registration, Registry } from "./registry.ts";
export type { Balancer, Candidate } from "./balancer.ts";
export type { Authenticator, Caller, CallerCertificate, Knock } from "./caller.ts";
export { callerCertificate, type ShownCertificate } from "./caller-certificate.ts";
export type { AuditHook, AuditRecord } from "./audit.ts";
export { isLive, type Live } from "./live.ts";
export type { Encryption, FileOpener, FileSealer } from "./encryption.ts";
export { type HttpProxy, httpProxyOf, proxyRefusal } from "./http-proxy.ts";
export { type ByteBudget, byteBudget } from "./byte-budget.ts";
export { fairBudget, type FairBudgetOptions } from "./fair-budget.ts";
export {
  definePlugin,
  type Plugin,
  type PluginKind,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
} from "./plugin.ts";
