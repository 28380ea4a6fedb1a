// Whether exports trace themselves: a server with HTTP instrumentation whose spans go out through our processor and our
// exporters, started from within requests as well, to the backend that the command line names. Prints the names of all spans
// that had to do with that backend, and how many others there were.
import { createRequire } from "node:module";

const [url] = process.argv.slice(2);

/** Handed in are our package, the SDK, whose generations differ, and how to make its processors of an exporter. */
export async function run({ ours, api, NodeSDK, HttpInstrumentation, PeriodicExportingMetricReader, ...batches }) {
  const { OTLPLogExporter, OTLPMetricExporter, OtlpSpanProcessor, OTLPTraceExporter } = ours;
  const spans = [];
  const watching = {
    onStart() {},
    onEnd: (span) => spans.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const direct = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const sdk = new NodeSDK({
    spanProcessors: [
      watching,
      new OtlpSpanProcessor({ endpoint: url, scheduledDelayMillis: 1 }),
      batches.spans(new OTLPTraceExporter({ url: `${url}/v1/traces`, headers: async () => ({}) })),
    ],
    metricReaders: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
        exportIntervalMillis: 20,
        exportTimeoutMillis: 20,
      }),
    ],
    logRecordProcessors: [batches.logs(new OTLPLogExporter({ url: `${url}/v1/logs` }))],
    instrumentations: [new HttpInstrumentation()],
    autoDetectResources: false,
  });
  sdk.start();

  const http = createRequire(import.meta.url)("node:http");
  const server = http.createServer((_, response) => {
    // A timer of the request, in whose context it runs.
    setTimeout(() => direct.export(spans.slice(0, 1), () => {}), 1);
    api.trace.getTracer("untraced").startSpan("work").end();
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  for (let visit = 0; visit < 5; visit++) {
    await new Promise((resolve) =>
      http.get(`http://127.0.0.1:${server.address().port}`, (response) => response.resume().on("end", resolve)),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  server.close();
  await direct.shutdown();
  await sdk.shutdown();

  const { port } = new URL(url);
  const ofBackend = spans.filter(({ attributes }) => JSON.stringify(attributes).includes(port));
  console.log(JSON.stringify({ exports: ofBackend.map(({ name }) => name), others: spans.length - ofBackend.length }));
}
