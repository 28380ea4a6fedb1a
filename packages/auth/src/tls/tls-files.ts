import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ExportError, type Live } from "@otlpkit/core";
import { watchFolder } from "../secrets/watch-folder.ts";
import { watching } from "../secrets/watching.ts";
import { type CertificateFacts, checkAuthorities, checkPair } from "./key-pair.ts";

/** Options of {@link tlsFiles}. */
export interface TlsFilesOptions {
  /** Our certificate, with those between it and the authority behind it, PEM. Needs `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Authorities that we trust, PEM. */
  readonly caFile?: string;
  /** Looks again after so long even where nobody tells of changes, in ms. Default 10,000. */
  readonly pollMs?: number;
  /** Rest after a change, so that whoever writes both files can finish, in ms. Default 100. */
  readonly debounceMs?: number;
  /** Told what is in use now, at the start and after each change. */
  readonly onLoad?: (facts: TlsFacts) => void;
  /** Told of files that can't be used; what was in use stays so. Told again only when something else is wrong. */
  readonly onError?: (error: ExportError) => void;
  /** For tests: ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** What TLS needs, PEM, as the transports take it. */
export interface TlsMaterial {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** What is known of certificates in use. */
export interface TlsFacts {
  readonly certificate?: CertificateFacts;
  readonly authorities: readonly CertificateFacts[];
}

/** Certificates that follow their files. */
export interface TlsFiles extends Live<TlsMaterial> {
  readonly facts: TlsFacts;
  close(): void;
}

/**
 * Reads certificates and keys, and again whenever their files change: written anew, renamed, or swapped by Kubernetes or
 * cert-manager. A pair that does not belong together, has ended, or is half written is not taken; the old one stays.
 *
 * @throws ExportError "invalid", at the start, when the files can't be used; names the file
 */
export async function tlsFiles(options: TlsFilesOptions): Promise<TlsFiles> {
  const { certFile, keyFile, caFile, pollMs = 10_000, debounceMs = 100, now = Date.now } = options;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ExportError("invalid", "a certificate and its key belong together, and one of the two files is missing");
  }
  const paths = [certFile, keyFile, caFile].filter((path) => path !== undefined);
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  let held = await read(options, now());
  options.onLoad?.(held.facts);
  let lastError = "";

  async function follow(): Promise<void> {
    const source = {
      read: () => read(options, now()),
      same: (one: Loaded, other: Loaded) => sameMaterial(one.material, other.material),
      arm: (wake: () => void) => {
        const ends = [...new Set(paths.map((path) => dirname(path)))].map((folder) =>
          watchFolder(folder, wake, { debounceMs, pollMs }),
        );
        return () => ends.forEach((end) => end());
      },
      onError: (error: ExportError) => {
        if (error.message === lastError) return;
        lastError = error.message;
        options.onError?.(error);
      },
    };
    for await (const loaded of watching(source, stop.signal)) {
      lastError = "";
      if (sameMaterial(loaded.material, held.material)) continue;
      held = loaded;
      options.onLoad?.(held.facts);
      for (const changed of listeners) tell(changed);
    }
  }
  void follow();

  /** One who can't use what is new is no reason not to tell the others. */
  function tell(changed: () => void): void {
    try {
      changed();
    } catch (error) {
      options.onError?.(ExportError.from(error, "cannot use the new certificates"));
    }
  }

  return {
    get current() {
      return held.material;
    },
    get facts() {
      return held.facts;
    },
    onChange(changed) {
      listeners.add(changed);
      return () => void listeners.delete(changed);
    },
    close: () => stop.abort(),
  };
}

interface Loaded {
  readonly material: TlsMaterial;
  readonly facts: TlsFacts;
}

async function read({ certFile, keyFile, caFile }: TlsFilesOptions, nowMs: number): Promise<Loaded> {
  const [cert, key, ca] = await Promise.all([certFile, keyFile, caFile].map(text));
  const certificate =
    cert === undefined || key === undefined
      ? undefined
      : naming(`${certFile} and ${keyFile}`, () => checkPair({ cert, key }, nowMs));
  const authorities = ca === undefined ? [] : naming(caFile!, () => checkAuthorities(ca));
  return {
    material: {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(ca === undefined ? {} : { ca }),
    },
    facts: { ...(certificate === undefined ? {} : { certificate }), authorities },
  };
}

async function text(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ExportError("invalid", `cannot read ${path} (${code ?? String(cause)})`, { cause });
  }
}

function naming<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (thrown) {
    const error = ExportError.from(thrown);
    throw new ExportError(error.code, `cannot use ${place}: ${error.message}`, { cause: error });
  }
}

function sameMaterial(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.cert === other.cert && one.key === other.key && one.ca === other.ca;
}
