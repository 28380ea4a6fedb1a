import type { TlsSettings } from "../../options.ts";
import type { Variables } from "./variables.ts";

/** Gives the bytes of a file, or throws. */
export type ReadFile = (path: string) => Uint8Array;

/** What the variables of one prefix name: files that could be read. */
export interface PemFiles {
  readonly ca?: PemFile;
  readonly cert?: PemFile;
  readonly key?: PemFile;
}

interface PemFile {
  readonly variable: string;
  readonly text: string;
}

const suffixes = { ca: "CERTIFICATE", cert: "CLIENT_CERTIFICATE", key: "CLIENT_KEY" } as const;

/** Reads the files that variables name (I-09, I-10). One that cannot be read is warned of and left out (I-11). */
export function pemFiles(variables: Variables, prefix: string, readFile: ReadFile): PemFiles {
  const found = Object.entries(suffixes).flatMap(([member, suffix]) => {
    const text = pemIn(variables, `${prefix}_${suffix}`, readFile);
    return text === undefined ? [] : [[member, { variable: `${prefix}_${suffix}`, text }]];
  });
  return Object.fromEntries(found);
}

function pemIn(variables: Variables, variable: string, readFile: ReadFile): string | undefined {
  const path = variables.text(variable);
  if (path === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(readFile(path));
    return text.includes("-----BEGIN ") ? text : variables.refuse(variable, "names a file that is no PEM");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return variables.refuse(variable, `names a file that cannot be read (${code ?? message})`);
  }
}

/**
 * Files as settings. Half a pair, and one that does not belong together, is warned of and left out (I-11): telemetry that
 * cannot be sent is no reason for a program not to start, and a far side that insists on our certificate says so.
 */
export function tlsOf({ ca, cert, key }: PemFiles, variables: Variables): TlsSettings | undefined {
  const pair = pairOf(cert, key, variables);
  return ca === undefined && pair === undefined ? undefined : { ...(ca === undefined ? {} : { ca: ca.text }), ...pair };
}

function pairOf(cert: PemFile | undefined, key: PemFile | undefined, variables: Variables): TlsSettings | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const { variable } = (cert ?? key) as PemFile;
    const other = key === undefined ? variable.replace(/CERTIFICATE$/, "KEY") : variable.replace(/KEY$/, "CERTIFICATE");
    variables.warn(`${variable} is ignored, as a certificate needs its key: set ${other} too`);
    return undefined;
  }
  const pair = { cert: cert.text, key: key.text };
  try {
    process.getBuiltinModule("node:tls").createSecureContext(pair);
    return pair;
  } catch (error) {
    const { message } = error as Error;
    variables.warn(
      `${cert.variable} and ${key.variable} are ignored, as they are no pair that TLS can use: ${message}`,
    );
    return undefined;
  }
}
