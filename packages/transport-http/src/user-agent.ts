import { version } from "./version.ts";

/** How we name ourselves (J-01), with the product that carries us, if any, in front (J-02). */
export function userAgentOf(product?: string): string {
  const ours = `OTel-OTLP-Exporter-TypeScript-otlpkit/${version}`;
  return product === undefined || product === "" ? ours : `${product} ${ours}`;
}
