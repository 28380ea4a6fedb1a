import { afterEach, describe, expect, it } from "vitest";
import { health, metrics, serveStatus, type StatusServer } from "./index.ts";

let server: StatusServer | undefined;
afterEach(() => server?.close());

async function serve(): Promise<{
  get: (path: string, init?: RequestInit) => Promise<Response>;
  parts: ReturnType<typeof health>;
}> {
  const parts = health();
  const m = metrics();
  m.counter("items", "Items.").add(7);
  server = await serveStatus({
    port: 0,
    health: parts,
    metrics: m,
    about: { name: "relay", version: "1.2.3" },
    details: () => ({ more: 1 }),
  });
  const { address } = server;
  return { get: (path, init) => fetch(`http://${address}${path}`, init), parts };
}

describe("serveStatus", () => {
  it("is ready when every part is", async () => {
    const { get, parts } = await serve();
    const part = parts.component("exporter otlp");
    for (const path of ["/healthz", "/readyz"]) {
      const before = await get(path);
      expect([before.status, await before.text()]).toEqual([503, "starting\nexporter otlp: starting\n"]);
    }
    part.set("ready");
    for (const path of ["/healthz", "/readyz"]) expect((await get(path)).status).toBe(200);
    part.set("failed", "no route");
    expect(await (await get("/readyz")).text()).toBe("failed\nexporter otlp: failed (no route)\n");
  });

  it("still takes work when a part is degraded, and says since when", async () => {
    const { get, parts } = await serve();
    parts.component("exporter:otlp").set("degraded", "cannot reach it");
    const brief = await get("/readyz");
    expect([brief.status, await brief.text()]).toEqual([200, "degraded\nexporter:otlp: degraded (cannot reach it)\n"]);
    const verbose = await (await get("/healthz?verbose")).text();
    expect(verbose).toMatch(/exporter:otlp: degraded since \d{4}-\d\d-\d\dT[\d:.]+Z \(cannot reach it\)/u);
  });

  it("is alive whatever the parts say", async () => {
    const { get, parts } = await serve();
    parts.component("x").set("failed");
    expect((await get("/livez")).status).toBe(200);
  });

  it("tells everything as JSON", async () => {
    const { get, parts } = await serve();
    parts.component("x").set("ready");
    const answer = await get("/status?verbose");
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({
      name: "relay",
      version: "1.2.3",
      state: "ready",
      components: { x: { state: "ready" } },
      more: 1,
    });
  });

  it("serves metrics in the format asked for", async () => {
    const { get } = await serve();
    const plain = await get("/metrics");
    expect(plain.headers.get("content-type")).toContain("version=0.0.4");
    expect(await plain.text()).toContain("# TYPE items counter\nitems 7\n");
    const open = await get("/metrics", { headers: { accept: "application/openmetrics-text" } });
    expect(await open.text()).toContain("# EOF");
  });

  it("lists what there is, and knows nothing else", async () => {
    const { get } = await serve();
    expect(await (await get("/")).text()).toContain(
      "relay 1.2.3: starting\n\n/healthz\n/livez\n/readyz\n/status\n/metrics\n",
    );
    expect((await get("/secret")).status).toBe(404);
    const post = await get("/metrics", { method: "POST", body: "x" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(await (await get("/", { method: "HEAD" })).text()).toBe("");
  });

  it("says so when the port is taken", async () => {
    const { get } = await serve();
    const port = Number(server!.address.split(":")[1]);
    await expect(serveStatus({ port, health: health(), metrics: metrics() })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    expect((await get("/livez")).status).toBe(200);
  });
});
