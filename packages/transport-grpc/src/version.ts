/** The version of this package, as `package.json` says it; a test holds the two together (J-05). */
export const version = "0.0.0";

/** What we call ourselves (J-01). */
const productToken = `OTel-OTLP-Exporter-TypeScript-otlpkit/${version}`;

/** The User-Agent header: the user's product in front, ours always there (J-02). */
export function userAgentOf(product: string | undefined): string {
  return product === undefined || product === "" ? productToken : `${product} ${productToken}`;
}
