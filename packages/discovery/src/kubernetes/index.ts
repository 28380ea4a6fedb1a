export { kubernetesRegistry, type KubernetesRegistryOptions } from "./registry.ts";
export type { SliceOptions } from "./endpoint-slice.ts";
export type { KubernetesAccess, KubernetesSession } from "./access.ts";
export { inCluster, type InClusterOptions } from "./in-cluster.ts";
export { kubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
