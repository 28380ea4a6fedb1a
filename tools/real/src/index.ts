export { real } from "./real.ts";
export type { BackendName, RealBackend } from "./backends.ts";
export { freePort, privateFolder, type PrivateFolder, type RealServer, startServer } from "./server.ts";
export { type RealBind, startBind } from "./bind.ts";
export { type EtcdOptions, type RealEtcd, startEtcd } from "./etcd.ts";
export { type KubernetesOptions, type RealKubernetes, startKubernetes } from "./kubernetes.ts";
export { type RealOpenBao, startOpenBao } from "./openbao.ts";
