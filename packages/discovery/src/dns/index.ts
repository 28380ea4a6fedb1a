export { dnsRegistry, type DnsRegistryOptions } from "./dns-registry.ts";
