export { dnsEndpoints, type DnsOptions } from "./dns-endpoints.ts";
