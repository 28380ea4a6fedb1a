import { type Backend, grpcBackend, httpBackend, testAuthority, testClient } from "@otlpkit/testkit/node";
import { connect, createServer, type Socket } from "node:net";
import { spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import { grpcOnly } from "./not-for.ts";
import { ended, pause } from "./seen.ts";

/** How a backend is reached, and reached again. */
export const connectionScenarios: readonly Scenario[] = [
  {
    ids: ["A-21"],
    title: "TLS with a private authority; mutual TLS with a certificate of our own, refused without",
    async run(stage) {
      const plain = await stage.backend({ tls: true });
      const trusting = await stage.subject({ url: byName(plain), tls: { ca: testAuthority } }).export(spans(1));
      hold(trusting.ok, () => `TLS: ${trusting.message}`);
      const mutual = await stage.backend({ tls: { requireClientCertificate: true } });
      const without = stage.subject({ url: byName(mutual), tls: { ca: testAuthority }, timeoutMs: 1000 });
      hold(!(await without.export(spans(1))).ok, "delivered without a client certificate");
      const ours = { ca: testAuthority, ...testClient };
      const known = await stage.subject({ url: byName(mutual), tls: ours }).export(spans(1));
      hold(known.ok, () => `mutual TLS: ${known.message}`);
    },
  },
  {
    ids: ["A-05"],
    title: "unix sockets and dns:/// are targets",
    notFor: grpcOnly("targets of gRPC"),
    alone: true,
    async run(stage) {
      const backend = await stage.backend();
      const path = await throughSocket(stage, backend.port);
      const environment = { OTEL_EXPORTER_OTLP_INSECURE: "true" };
      for (const url of [`unix://${path}`, `dns:///127.0.0.1:${backend.port}`]) {
        const outcome = await stage.subject({ url, environment, timeoutMs: 3000 }).export(spans(1));
        hold(outcome.ok, () => `${url.split(":")[0]}: ${outcome.message}`);
      }
    },
  },
  {
    ids: ["A-06"],
    title: "an http URL with a path is dialled, and that the path is dropped is told",
    notFor: grpcOnly("paths of gRPC are fixed"),
    async run(stage) {
      const backend = await stage.backend();
      const outcome = await stage.subject({ url: `${backend.url}/v1/traces`, timeoutMs: 3000 }).export(spans(1));
      hold(outcome.ok, () => outcome.message);
      hold(
        stage.reports.some((line) => /path/i.test(line)),
        "it is dropped silently",
      );
    },
  },
  {
    ids: ["A-25"],
    title: "the backend is killed and comes back between two exports",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      const first = await subject.export(spans(1));
      hold(first.ok, "the first fails");
      await backend.close();
      await pause(300);
      const next = await (stage.http ? httpBackend({ port: backend.port }) : grpcBackend({ port: backend.port }));
      stage.after(() => next.close());
      const second = await subject.export(spans(1));
      hold(second.ok, () => `the next one is lost: ${second.message}`);
    },
  },
  {
    ids: ["A-25", "F-15"],
    title: "a connection that has gone silent (half open) is given up for a new one",
    async run(stage) {
      const backend = await stage.backend();
      const middle = await silentMiddle(stage, backend.port);
      const subject = stage.subject({ url: `http://127.0.0.1:${middle.port}` });
      const first = await subject.export(spans(1));
      hold(first.ok, "the first fails");
      middle.silence();
      const outcomes = [await subject.export(spans(1)), await subject.export(spans(1))];
      const lost = outcomes.filter((outcome) => !outcome.ok).length;
      hold(lost === 0, `the next ${lost} are lost`);
    },
    budgetMs: 25_000,
  },
  {
    ids: ["A-22", "O-09"],
    title: "shutdown waits for a request that is under way",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 700 });
      const subject = stage.subject({ url: backend.url });
      const exported = subject.export(spans(1));
      await backend.arrived(1);
      const down = await subject.shutdown();
      const outcome = await exported;
      hold(outcome.ok, () => ended(outcome, backend));
      hold(down.tookMs > 300, "it does not wait");
    },
  },
  {
    ids: ["A-23"],
    title: "shutdown can be told not to wait",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 5000 });
      const subject = stage.subject({ url: backend.url, maxAgeMs: 50 });
      subject.record(spans(1));
      await backend.arrived(1);
      const down = await subject.shutdown(0);
      hold(down.tookMs < 3000, "it waits all the same");
    },
  },
];

/** Not every client takes a certificate for an address. */
export function byName({ port }: Backend): string {
  return `https://localhost:${port}`;
}

/** A unix socket that leads to a port; returns its path. */
async function throughSocket(stage: Stage, port: number): Promise<string> {
  const path = stage.file("otlp.sock", "").replace("otlp.sock", "s");
  const server = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    from.pipe(to).pipe(from);
    for (const each of [from, to]) each.on("error", () => each.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  stage.after(() => server.close());
  return path;
}

/** Stands between; on `silence`, connections that are open take everything and pass nothing on, and new ones work. */
async function silentMiddle(stage: Stage, port: number): Promise<{ readonly port: number; silence(): void }> {
  const open = new Set<Socket>();
  let silenceThem: (() => void)[] = [];
  const server = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    open.add(from).add(to);
    from.pipe(to);
    to.pipe(from);
    for (const each of [from, to]) each.on("error", () => each.destroy());
    silenceThem.push(() => {
      from.unpipe(to);
      to.unpipe(from);
      from.resume();
      to.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stage.after(() => {
    for (const each of open) each.destroy();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    silence() {
      for (const each of silenceThem) each();
      silenceThem = [];
    },
  };
}
