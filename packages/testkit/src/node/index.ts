export { transportCases, type TransportCaseOptions } from "./transport-cases.ts";
export type { TransportCaseSettings } from "./transport/bench.ts";
export { receiverCases, type ReceiverCaseOptions } from "./receiver-cases.ts";
export type { ReceiverCaseSettings } from "./receiver/door.ts";
export { registryCases, type RegistryCaseOptions } from "./registry-cases.ts";
export { registrarCases } from "./registrar-cases.ts";
export type { RegistrarWorld, RegistryCaseSettings, RegistryWorld, SourceWorld, WorldEntry } from "./registry/world.ts";
export type {
  Answer,
  Backend,
  BackendOptions,
  BackendTls,
  OkAnswer,
  ReceivedRequest,
  RefuseAnswer,
  ScriptedAnswer,
} from "./backend.ts";
export { httpBackend } from "./http-backend.ts";
export { grpcBackend } from "./grpc-backend.ts";
export { type ProxiedRequest, type ProxyAnswer, testProxy, type TestProxy, type TestProxyOptions } from "./proxy.ts";
export { testWire, type TestWire } from "./wire.ts";
export { freePort } from "./listening.ts";
export { decompressed } from "./decompressed.ts";
export { strangeAuthority, testAuthority, type TestCertificate, testClient, testServer } from "./certificates.ts";
export { type Golden, golden, goldenCase, type GoldenFilter, type GoldenGroup, goldenVector } from "./golden.ts";
export {
  type FakeVault,
  fakeVault,
  type FakeVaultOptions,
  type VaultFault,
  type VaultQuestion,
} from "./vault/fake-vault.ts";
export {
  type FakeHttp,
  fakeHttp,
  type FakeHttpAnswer,
  type FakeHttpFault,
  type FakeHttpOptions,
  type FakeHttpQuestion,
} from "./sources/fake-http.ts";
export {
  type FakeConsul,
  fakeConsul,
  type FakeConsulCheck,
  type FakeConsulInstance,
  type FakeConsulOddities,
} from "./sources/fake-consul.ts";
