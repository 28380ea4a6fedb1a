import {
  type FakeHttp,
  fakeHttp,
  type FakeHttpAnswer,
  type FakeHttpOptions,
  type FakeHttpQuestion,
} from "./fake-http.ts";

/** An instance as a {@link FakeConsul} keeps it: what was put to `/v1/agent/service/register`. */
export interface FakeConsulInstance {
  readonly ID: string;
  readonly Name: string;
  readonly Address?: string;
  readonly Port?: number;
  readonly Tags?: readonly string[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly TaggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>>;
  readonly Checks?: readonly FakeConsulCheck[];
}

/** A check of a {@link FakeConsulInstance}. */
export interface FakeConsulCheck {
  readonly CheckID: string;
  readonly Status?: string;
  readonly TTL?: string;
}

/** What is peculiar to a {@link FakeConsul}. */
export interface FakeConsulOddities {
  /** The header for every answer, in place of the true index. */
  index?: string | undefined;
  /** Without the header. */
  noIndex?: boolean;
  /** Blocking queries come back at once. */
  churn?: boolean;
  lastContactMs?: number;
  filtered?: boolean;
  nodeAddress?: string;
}

/** An agent of Consul, played. */
export interface FakeConsul extends FakeHttp {
  readonly oddities: FakeConsulOddities;
  /** Tokens that are taken; empty: all, and none. */
  readonly tokens: Set<string>;
  /** Registers an instance, as another agent would. */
  put(instance: FakeConsulInstance): void;
  /** Takes an instance away. */
  remove(id: string): void;
  /** Puts an instance into maintenance, or takes it out. */
  maintain(id: string, on: boolean): void;
  /** The status of an instance's check. */
  status(id: string, status: string): void;
  /** What is registered under an id. */
  registered(id: string): FakeConsulInstance | undefined;
  /** Loses everything that it was told, and the index with it. */
  forget(): void;
  /** Ends and starts: registrations stay, the index begins anew. */
  restart(): Promise<void>;
}

interface Kept {
  readonly instance: FakeConsulInstance;
  readonly checks: Map<string, { status: string; readonly ttlMs: number; deadlineMs: number }>;
}

/**
 * As much of Consul's HTTP API as those use who register services and find them: registration with checks by time to live,
 * maintenance, health with blocking queries, logins; with the statuses and texts of the real one.
 */
export async function fakeConsul(options: FakeHttpOptions = {}): Promise<FakeConsul> {
  const kept = new Map<string, Kept>();
  const waiting = new Set<() => void>();
  const tokens = new Set<string>();
  const oddities: FakeConsulOddities = {};
  let index = 10;

  const changed = (): void => {
    index++;
    for (const wake of waiting) wake();
  };
  // Checks by time to live turn critical by themselves.
  const reaper = setInterval(() => {
    let any = false;
    for (const { checks } of kept.values()) {
      for (const check of checks.values()) {
        if (check.status === "critical" || performance.now() < check.deadlineMs) continue;
        check.status = "critical";
        any = true;
      }
    }
    if (any) changed();
  }, 50);
  reaper.unref();

  function keep(instance: FakeConsulInstance): void {
    const checks: Kept["checks"] = new Map();
    for (const { CheckID, Status = "critical", TTL } of instance.Checks ?? []) {
      const ttlMs = TTL === undefined ? Infinity : durationMs(TTL);
      checks.set(CheckID, { status: Status, ttlMs, deadlineMs: performance.now() + ttlMs });
    }
    const before = kept.get(instance.ID);
    kept.set(instance.ID, { instance, checks });
    // An identical registration is no change, and moves no index.
    if (before === undefined || shown(before) !== shown({ instance, checks })) changed();
  }
  const shown = ({ instance, checks }: Kept): string =>
    JSON.stringify([instance, [...checks].map(([id, { status }]) => [id, status])]);

  function entries(name: string, query: URLSearchParams): unknown[] {
    const tags = query.getAll("tag");
    return [...kept.values()]
      .filter(({ instance }) => instance.Name === name)
      .filter(({ instance }) => tags.every((tag) => instance.Tags?.includes(tag)))
      .map(({ instance: { Checks: _checks, Name, ...service }, checks }) => ({
        Node: { Node: "node-1", Address: oddities.nodeAddress ?? "127.0.0.250", Datacenter: "dc1" },
        Service: {
          Tags: [],
          Meta: null,
          Port: 0,
          Address: "",
          Weights: { Passing: 1, Warning: 1 },
          Service: Name,
          ...service,
        },
        Checks: [
          { CheckID: "serfHealth", Status: "passing" },
          ...[...checks].map(([CheckID, { status }]) => ({ CheckID, Status: status })),
        ],
      }));
  }

  async function health(name: string, { query, gone }: FakeHttpQuestion): Promise<FakeHttpAnswer> {
    const since = Number(query.get("index") ?? 0);
    if (since > 0 && since >= index && oddities.churn !== true) {
      const waitMs = durationMs(query.get("wait") ?? "5m");
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          gone.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, waitMs + (Math.random() * waitMs) / 16);
        waiting.add(done);
        gone.addEventListener("abort", done);
      });
    }
    return {
      headers: {
        ...(oddities.noIndex === true ? {} : { "x-consul-index": oddities.index ?? String(index) }),
        "x-consul-knownleader": "true",
        "x-consul-lastcontact": String(oddities.lastContactMs ?? 0),
        ...(oddities.filtered === true ? { "x-consul-results-filtered-by-acls": "true" } : {}),
      },
      body: oddities.filtered === true ? [] : entries(name, query),
    };
  }

  function handle(asked: FakeHttpQuestion): FakeHttpAnswer | Promise<FakeHttpAnswer> {
    const token = String(asked.headers["x-consul-token"] ?? "");
    const [, version, area, ...rest] = asked.path.split("/").map(decodeURIComponent);
    const route = `${asked.method} ${version} ${area} ${rest.slice(0, -1).join(" ")}`;
    const id = rest.at(-1) ?? "";
    if (asked.path === "/v1/acl/login") {
      const { BearerToken } = asked.body as { readonly BearerToken: string };
      const secret = `secret-for-${BearerToken}-${tokens.size}`;
      tokens.add(secret);
      return { body: { SecretID: secret } };
    }
    if (tokens.size > 0 && !tokens.has(token)) return { status: 403, body: "ACL not found" };
    if (asked.path === "/v1/acl/logout") {
      tokens.delete(token);
      return {};
    }
    if (route === "GET v1 health service") return health(id, asked);
    if (route === "GET v1 agent service") {
      const found = kept.get(id);
      return found === undefined ? { status: 404, body: `unknown service ID: ${id}` } : { body: found.instance };
    }
    if (route === "PUT v1 agent service" && id === "register") {
      const instance = asked.body as FakeConsulInstance;
      if (Object.keys(instance.Meta ?? {}).some((name) => !/^[\w-]{1,128}$/.test(name))) {
        return { status: 400, body: "Invalid Service Meta" };
      }
      keep(instance);
      return {};
    }
    if (route === "PUT v1 agent service deregister") {
      if (!kept.delete(id)) return { status: 404, body: `Unknown service ID "${id}"` };
      changed();
      return {};
    }
    if (route === "PUT v1 agent service maintenance") {
      if (!kept.has(id)) return { status: 404, body: `Unknown service ID "${id}"` };
      maintain(id, asked.query.get("enable") === "true");
      return {};
    }
    if (route === "PUT v1 agent check update") {
      const check = [...kept.values()].map(({ checks }) => checks.get(id)).find((each) => each !== undefined);
      if (check === undefined) return { status: 404, body: `Unknown check ID "${id}"` };
      const { Status } = asked.body as { readonly Status: string };
      check.deadlineMs = performance.now() + check.ttlMs;
      if (check.status !== Status) {
        check.status = Status;
        changed();
      }
      return {};
    }
    return { status: 404, body: `no such path: ${route}` };
  }

  function maintain(id: string, on: boolean): void {
    const checks = kept.get(id)?.checks;
    const name = `_service_maintenance:${id}`;
    if (on) checks?.set(name, { status: "critical", ttlMs: Infinity, deadlineMs: Infinity });
    else checks?.delete(name);
    changed();
  }

  const server = await fakeHttp(handle, options);
  return {
    ...server,
    get openConnections() {
      return server.openConnections;
    },
    oddities,
    tokens,
    put: keep,
    remove(id) {
      if (kept.delete(id)) changed();
    },
    maintain,
    status(id, status) {
      for (const check of kept.get(id)?.checks.values() ?? []) check.status = status;
      changed();
    },
    registered: (id) => kept.get(id)?.instance,
    forget() {
      kept.clear();
      index = 1;
      changed();
    },
    async restart() {
      await server.listen(false);
      index = 3;
      await server.listen(true);
    },
    async close() {
      clearInterval(reaper);
      await server.close();
    },
  };
}

/** As Go writes durations: "300ms", "15s", "5m". */
function durationMs(text: string): number {
  const [, number = "0", unit = "s"] = /^([\d.]+)(ms|s|m|h)$/.exec(text) ?? [];
  return Number(number) * ({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 1_000);
}
