import { ExportError, type Sender } from "@otlpkit/core";
import { ledger, seeded } from "@otlpkit/testkit";
import { httpBackend } from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { slowDestination } from "./overload/slow-destination.ts";
import { configured, pipelinesTo, type Running, running } from "./running.ts";

const some = seeded(5);
const quick = "retry_on_failure: { initial_interval: 30ms, max_interval: 60ms }";

function withExporter(name: string, keys: string): Promise<Running> {
  return running(`
exporters:
  ${name}: { ${keys}, ${quick} }
service:
  pipelines:
${pipelinesTo(name)}`);
}

const outcomeOf = (sender: Sender): Promise<unknown> =>
  sender.send(some.traces({ items: 1 }), {}).then(
    () => "delivered",
    (error: unknown) => error,
  );

/** The breakers of a relay that are not an endpoint's, by signal. */
function breakersOf({ relay }: Running): Readonly<Record<string, number>> {
  const family = relay.metrics.read().find(({ name }) => name === "otlpkit_breaker_state");
  const samples = (family?.samples ?? []).filter(({ labels }) => labels["endpoint"] === undefined);
  return Object.fromEntries(samples.map(({ labels, value }) => [labels["data_type"], value]));
}

const closed = { traces: 0, metrics: 0, logs: 0, profiles: 0 };

describe("a destination that keeps failing", () => {
  it("is left alone, which shows in metrics, health and log, and is asked again until it is back", async () => {
    const backend = await httpBackend();
    onTestFinished(() => backend.close());
    backend.script({ kind: "refuse", httpStatus: 500, message: "out of order" });
    const sparing = await withExporter("otlphttp", `endpoint: "${backend.url}", circuit_breaker: { min_requests: 5 }`);
    const { overHttp, relay, said } = sparing;
    expect(breakersOf(sparing)).toEqual(closed);
    for (let n = 0; n < 5; n++) expect(await outcomeOf(overHttp)).toMatchObject({ retryable: false });
    expect(breakersOf(sparing)).toEqual({ ...closed, traces: 2 });
    expect(relay.health.report().components["exporter:otlphttp"]?.reason).toMatch(/circuit breaker.*out of order/);
    expect(said.filter((line) => line.includes("its circuit breaker is open"))).toHaveLength(1);
    // Another signal may go somewhere else behind the same address.
    backend.script({ kind: "ok" });
    await overHttp.send(some.logs({ items: 1 }), {});
    // Whoever comes now waits for the next probe, with those that are retried.
    expect(await outcomeOf(overHttp)).toBe("delivered");
    expect(breakersOf(sparing)).toEqual(closed);
    expect(relay.health.report().components["exporter:otlphttp"]?.state).toBe("ready");
  });

  it("is asked each time where nobody keeps what would be held back, and by the balancer where there is one", async () => {
    const once = "retry_on_failure: { enabled: false }";
    const without = await running(`
exporters:
  otlphttp: { endpoint: "http://127.0.0.1:1", ${once} }
  otlphttp/found: { discovery: { static: { hostnames: ["http://127.0.0.1:1"] } } }
service:
  pipelines:
${pipelinesTo("otlphttp, otlphttp/found")}`);
    expect(breakersOf(without)).toEqual({});
    const asked = await running(`
exporters:
  otlphttp: { endpoint: "http://127.0.0.1:1", ${once}, circuit_breaker: { enabled: true } }
service:
  pipelines:
${pipelinesTo("otlphttp")}`);
    expect(breakersOf(asked)).toEqual(closed);
  });
});

describe("adaptive concurrency", () => {
  it("keeps those who wait for their turn from being taken for those whom the destination does not answer", async () => {
    const book = ledger();
    const destination = await slowDestination(2, 100, book);
    onTestFinished(() => destination.close());
    const { overGrpc, relay } = await withExporter(
      "otlp_grpc",
      `endpoint: "${destination.url}", timeout: 1s, adaptive_concurrency: { enabled: true, initial: 2, max: 40 }`,
    );
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => outcomeOf(overGrpc)));
    expect(outcomes.filter((outcome) => outcome !== "delivered")).toEqual([]);
    // One line at the destination would have been as long as the whole, and its end too late.
    expect(destination.mostUnderWay).toBeLessThan(15);
    expect(relay.metrics.sum("otlpkit_exporter_concurrency_limit")).toBeGreaterThan(0);
    // Half of them waited for longer than an attempt may take.
    expect(relay.metrics.sum("otlpkit_exporter_retries")).toBeLessThan(5);
  });

  it("is an error when its bounds make no sense", async () => {
    const wrong = withExporter("otlp", `endpoint: "http://127.0.0.1:1", adaptive_concurrency: { min: 9, max: 3 }`);
    await expect(wrong).rejects.toThrow(/adaptive_concurrency.*min must not be above max/s);
  });
});

it("takes the budget of retries as it is written", async () => {
  const config = configured(`
receivers: { otlp: { protocols: { http: } } }
exporters: { otlp: { endpoint: "a:1", retry_on_failure: { budget: { ratio: -1, min_per_second: 0 } } } }
service: { pipelines: { traces: { receivers: [otlp], exporters: [otlp] } } }`);
  const error = (await config.catch((thrown: unknown) => thrown)) as ExportError;
  expect(error.message).toMatch(/ratio.*min_per_second/s);
});
