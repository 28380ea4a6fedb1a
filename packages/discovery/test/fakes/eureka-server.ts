import {
  type FakeHttpQuestion,
  type FakeHttp,
  fakeHttp,
  type FakeHttpOptions,
  type FakeHttpAnswer,
} from "@otlpkit/testkit/node";

/** An instance as it is sent and kept. */
export interface EurekaInstance {
  readonly instanceId: string;
  readonly app: string;
  readonly hostName: string;
  readonly ipAddr: string;
  readonly status: string;
  readonly port: { readonly $: number; readonly "@enabled": string };
  readonly securePort?: { readonly $: number; readonly "@enabled": string };
  readonly metadata?: Readonly<Record<string, string>>;
  readonly leaseInfo?: { readonly durationInSecs: number };
  readonly lastDirtyTimestamp?: string;
}

/** What is peculiar to this server. */
export interface EurekaOddities {
  /** One application or instance goes alone and not in a list. */
  single?: boolean;
  noDeltas?: boolean;
  /** In place of the true one. */
  hash?: string | undefined;
  /** Changes that are left out of deltas. */
  forgetful?: boolean;
  /** `user:password` that is asked for. */
  basic?: string;
}

/** A server of Eureka that plays the whole of it. */
export interface FakeEureka extends FakeHttp {
  /** With its base path. */
  readonly base: string;
  readonly oddities: EurekaOddities;
  put(instance: EurekaInstance): void;
  remove(id: string): void;
  instance(id: string): EurekaInstance | undefined;
  /** Loses all instances, as a restart does. */
  forget(): void;
}

type Action = "ADDED" | "MODIFIED" | "DELETED";

/** `basePath`: "/eureka" is Spring's, "/eureka/v2" Netflix's. */
export async function fakeEureka(basePath = "/eureka", options: FakeHttpOptions = {}): Promise<FakeEureka> {
  const instances = new Map<string, EurekaInstance>();
  const overrides = new Map<string, string>();
  const expiries = new Map<string, number>();
  const recent: { readonly action: Action; readonly instance: EurekaInstance }[] = [];
  const oddities: EurekaOddities = {};

  function put(instance: EurekaInstance): void {
    const app = instance.app.toUpperCase();
    const id = instance.instanceId;
    const kept = { ...instance, app };
    changed(instances.has(id) ? "MODIFIED" : "ADDED", kept);
    instances.set(id, kept);
    renew(id);
  }
  /** A status that was set from outside, and even the one that it had, outweighs what an instance says at a registration. */
  function register(instance: EurekaInstance): void {
    const { instanceId, status } = instance;
    const before = overrides.get(instanceId) ?? instances.get(instanceId)?.status ?? "";
    const isOrdinary = (each: string): boolean => each === "UP" || each === "OUT_OF_SERVICE";
    put(isOrdinary(status) && isOrdinary(before) ? { ...instance, status: before } : instance);
  }
  function remove(id: string): boolean {
    const instance = instances.get(id);
    if (instance === undefined) return false;
    instances.delete(id);
    overrides.delete(id);
    expiries.delete(id);
    changed("DELETED", instance);
    return true;
  }
  function changed(action: Action, instance: EurekaInstance): void {
    if (oddities.forgetful !== true) recent.push({ action, instance });
  }
  function renew(id: string): void {
    const seconds = instances.get(id)?.leaseInfo?.durationInSecs;
    if (seconds !== undefined) expiries.set(id, performance.now() + seconds * 1000);
  }
  const evict = (): void => {
    for (const [id, atMs] of expiries) if (performance.now() > atMs) remove(id);
  };

  function hash(): string {
    const statuses = [...instances.values()].map(({ status }) => status);
    const names = [...new Set(statuses)].toSorted();
    return names.map((name) => `${name}_${statuses.filter((status) => status === name).length}_`).join("");
  }
  function applications(list: readonly EurekaInstance[]): FakeHttpAnswer {
    const alone = (items: readonly unknown[]): unknown =>
      oddities.single === true && items.length === 1 ? items[0] : items;
    const names = [...new Set(list.map(({ app }) => app))];
    return {
      body: {
        applications: {
          versions__delta: "1",
          apps__hashcode: oddities.hash ?? hash(),
          application: alone(names.map((name) => ({ name, instance: alone(list.filter(({ app }) => app === name)) }))),
        },
      },
    };
  }

  function handle({ method, path, headers, body, query }: FakeHttpQuestion): FakeHttpAnswer {
    if (oddities.basic !== undefined) {
      const expected = `Basic ${Buffer.from(oddities.basic).toString("base64")}`;
      if (headers.authorization !== expected) return { status: 401 };
    }
    // XML is what it gives to those who do not ask for anything else.
    if (headers.accept !== "application/json") return { body: "<applications/>" };
    if (!path.startsWith(`${basePath}/apps`)) return { status: 404 };
    evict();
    const [app, id, part] = path.slice(`${basePath}/apps`.length).split("/").slice(1).map(decodeURIComponent);
    if (method === "GET" && app === undefined) return applications([...instances.values()]);
    if (method === "GET" && app === "delta") {
      if (oddities.noDeltas === true) return { status: 403 };
      return applications(recent.map(({ action, instance }) => ({ ...instance, actionType: action })));
    }
    if (method === "POST" && id === undefined) {
      register((body as { readonly instance: EurekaInstance }).instance);
      return { status: 204 };
    }
    const instance = instances.get(id ?? "");
    if (instance === undefined) return { status: 404 };
    if (method === "DELETE" && part === undefined) return { status: remove(instance.instanceId) ? 200 : 404 };
    if (method === "GET") return { body: { instance } };
    if (part === "status" || part === "metadata") {
      const { instanceId } = instance;
      const since = query.get("lastDirtyTimestamp") ?? instance.lastDirtyTimestamp;
      const value = query.get("value") ?? "UNKNOWN";
      if (part === "status" && method === "DELETE") overrides.delete(instanceId);
      if (part === "status" && method === "PUT") overrides.set(instanceId, value);
      const changedInstance = {
        ...instance,
        ...(part === "status"
          ? { status: value, lastDirtyTimestamp: since }
          : { metadata: { ...instance.metadata, ...Object.fromEntries(query) } }),
      } as EurekaInstance;
      instances.set(instanceId, changedInstance);
      changed("MODIFIED", changedInstance);
      renew(instanceId);
      return {};
    }
    if (method === "PUT" && part === undefined) {
      // Who has changed since we heard of him is to register again.
      if (Number(query.get("lastDirtyTimestamp")) > Number(instance.lastDirtyTimestamp ?? 0)) return { status: 404 };
      renew(instance.instanceId);
      return {};
    }
    return { status: 405 };
  }

  const server = await fakeHttp(handle, { gzip: true, ...options });
  return {
    ...server,
    get openConnections() {
      return server.openConnections;
    },
    base: `${server.url}${basePath}`,
    oddities,
    put,
    remove: (id) => void remove(id),
    instance: (id) => instances.get(id),
    forget() {
      instances.clear();
      overrides.clear();
      expiries.clear();
      recent.length = 0;
    },
  };
}
