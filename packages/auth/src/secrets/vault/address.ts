import { ExportError } from "@otlpkit/core";

/** Where a Vault is. */
export interface VaultAddress {
  /** What paths are appended to. */
  readonly base: string;
  /** For messages. */
  readonly shown: string;
  readonly socketPath?: string;
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads `https://vault.example:8200`, or `unix:///run/vault/agent.sock` for an agent beside us.
 *
 * @throws ExportError "rejected" for what is no such URL, has a user in it, or would send tokens in clear
 */
export function vaultAddress(text: string, allowCleartext: boolean): VaultAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "unix:" && url.pathname.length > 1 && url.host === "") {
    const socketPath = decodeURIComponent(url.pathname);
    return { base: "http://unix", shown: `unix:${socketPath}`, socketPath };
  }
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:") || url.username || url.password || url.search) {
    throw new ExportError(
      "rejected",
      "cannot use the address of Vault: it has to be https://host:port or unix:///path, without a user and a query",
    );
  }
  if (url.protocol === "http:" && !allowCleartext && !loopback.test(url.hostname)) {
    throw new ExportError(
      "rejected",
      `secrets are not fetched from ${url.origin} in clear, where anybody in between can read them; use https://, or allow it with allowCleartext`,
    );
  }
  return { base: (url.origin + url.pathname).replace(/\/+$/, ""), shown: url.origin };
}

/**
 * Escapes a path as people write it: "secret/shop/data base".
 *
 * @throws ExportError "invalid" for one that would lead elsewhere
 */
export function vaultPath(path: string): string {
  const parts = path.replace(/^\/+|\/+$/g, "").split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new ExportError("invalid", `"${path}" is no path of Vault`);
  }
  return parts.map((part) => encodeURIComponent(part)).join("/");
}
