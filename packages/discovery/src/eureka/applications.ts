import { ExportError } from "@otlpkit/core";

/** An instance, of what Eureka says of it what is looked at. Strangers write there, so nothing is certain. */
export interface Instance {
  readonly instanceId?: string;
  readonly hostName?: string;
  readonly ipAddr?: string;
  readonly status?: string;
  readonly actionType?: string;
  readonly port?: Port;
  readonly securePort?: Port;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly dataCenterInfo?: { readonly metadata?: Readonly<Record<string, unknown>> | null } | null;
}

/** XML made to JSON: the number is under "$", the attribute is text in one generation and a truth value in another. */
interface Port {
  readonly $?: number | string;
  readonly "@enabled"?: boolean | string;
}

/** Some instances of all applications: all there are, or what has changed. */
export interface Applications {
  /** Statuses and how often there are: "DOWN_1_UP_3_". */
  readonly hash: string;
  readonly instances: readonly { readonly app: string; readonly id: string; readonly instance: Instance }[];
}

/**
 * Reads the answer of `apps` and `apps/delta`. Where there is one application, or one instance, some servers give it alone
 * in place of a list.
 *
 * @throws ExportError "bad-response" when it is something else.
 */
export function applicationsOf(body: unknown): Applications {
  const root = recordOf(recordOf(body)?.["applications"]);
  if (root === undefined) throw notApplications();
  const instances = listOf(root["application"]).flatMap((application) => {
    const { name, instance } = recordOf(application) ?? {};
    if (typeof name !== "string") throw notApplications();
    return listOf(instance).map((each) => {
      const found = recordOf(each) as Instance | undefined;
      if (found === undefined) throw notApplications();
      return { app: name.toUpperCase(), id: idOf(found), instance: found };
    });
  });
  const hash = root["apps__hashcode"];
  return { hash: typeof hash === "string" ? hash : "", instances };
}

/** Instances of Eureka's first days have no id of their own. */
function idOf({ instanceId, hostName = "", port }: Instance): string {
  return instanceId ?? `${hostName}:${port?.$ ?? ""}`;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function notApplications(): ExportError {
  return new ExportError("bad-response", "eureka answered with something that is no list of applications", {
    retryable: true,
  });
}
