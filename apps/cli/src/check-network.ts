import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { Step } from "./check.ts";
import type { Destination } from "./destination.ts";

/** What the endpoint was understood to be. */
export function addressStep({ protocol }: Destination, url: URL): Step {
  const security = url.protocol === "https:" ? "TLS" : "not encrypted";
  return { name: "address", outcome: "ok", detail: `${url.hostname} port ${port(url)}, ${protocol}, ${security}` };
}

/** Does the name lead anywhere? */
export async function nameStep(url: URL): Promise<Step> {
  const host = bare(url);
  if (isIP(host)) return { name: "name", outcome: "ok", detail: `${host} is an address` };
  const start = performance.now();
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { name: "name", outcome: "ok", detail: `${host} is ${addresses.join(", ")} (${since(start)})` };
  } catch (error) {
    return {
      name: "name",
      outcome: "failed",
      detail: `${host} cannot be resolved (${(error as NodeJS.ErrnoException).code})`,
      advice: "check the spelling; inside Kubernetes a service of another namespace is NAME.NAMESPACE",
    };
  }
}

/** Does somebody listen? */
export function connectStep(url: URL, timeoutMs: number): Promise<Step> {
  const start = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: bare(url), port: port(url) });
    const fail = (detail: string, advice: string): void => {
      socket.destroy();
      resolve({ name: "TCP", outcome: "failed", detail, advice });
    };
    socket.setTimeout(timeoutMs, () =>
      fail(
        `no answer from port ${port(url)} within ${timeoutMs / 1000} s`,
        "a firewall drops the packets, or the host is down",
      ),
    );
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNREFUSED"
        ? fail(
            `nobody listens on port ${port(url)}`,
            "start the receiver; a port inside a container must also be published",
          )
        : fail(`cannot connect (${error.code})`, "check the route to the host"),
    );
    socket.once("connect", () => {
      socket.destroy();
      resolve({ name: "TCP", outcome: "ok", detail: `connected in ${since(start)}` });
    });
  });
}

/** Do we trust each other? */
export function tlsStep(url: URL, { tls, protocol, timeoutMs }: Destination): Promise<Step> {
  const host = bare(url);
  const options: ConnectionOptions = {
    host,
    port: port(url),
    // A server name may not be an address (RFC 6066 section 3).
    ...(!isIP(host) && { servername: host }),
    ...(tls.serverName && { servername: tls.serverName }),
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.cert && { cert: tls.cert }),
    ...(tls.key && { key: tls.key }),
    rejectUnauthorized: tls.insecureSkipVerify !== true,
    ALPNProtocols: protocol === "grpc" ? ["h2"] : ["http/1.1"],
  };
  return new Promise((resolve) => {
    const socket = connectTls(options);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("no answer to the TLS handshake")));
    socket.once("secureConnect", () => {
      resolve(negotiated(socket));
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.destroy();
      resolve({
        name: "TLS",
        outcome: "failed",
        detail: tlsDetail(error),
        advice: tlsAdvice(error.code ?? "", error.message),
      });
    });
  });
}

function negotiated(socket: TLSSocket): Step {
  const certificate = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / 86_400_000);
  const name = [certificate.subject?.CN ?? certificate.subjectaltname ?? "without a name"].flat().join(", ");
  const detail = `${socket.getProtocol()}, ${socket.getCipher().name}; certificate ${name}, valid for ${days} days`;
  return { name: "TLS", outcome: "ok", detail, ...(days < 14 && { advice: "renew the certificate soon" }) };
}

/** OpenSSL's messages name threads and lines of C; what is for people among it stands in `reason`. */
function tlsDetail(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return error.reason ? `no handshake: ${error.reason} (${error.code})` : error.message;
}

function tlsAdvice(code: string, message: string): string {
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code))
    return "name the authority that signed it: --ca FILE";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "use the name in the certificate, or say --server-name NAME";
  if (code === "CERT_HAS_EXPIRED") return "the server's certificate has expired: renew it there";
  if (/certificate required|handshake failure|bad certificate/i.test(message)) {
    return "the server wants a client certificate: --cert FILE --key FILE";
  }
  if (/wrong version number|packet length/i.test(message))
    return "the port does not speak TLS: use http:// instead of https://";
  return "compare what both sides allow: openssl s_client -connect HOST:PORT";
}

function port(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

function bare(url: URL): string {
  return url.hostname.replaceAll(/^\[|\]$/g, "");
}

function since(start: number): string {
  return `${(performance.now() - start).toFixed(1)} ms`;
}
