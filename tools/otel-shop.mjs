// A small server with telemetry by the OpenTelemetry API and real HTTP instrumentation, and one visit to it: an order is
// a span within the server's span within the client's span within the visit, a log record, and one more order counted.
// Who sets up telemetry for it is up to the caller.

/** Runs the shop for one visit. `logs` is the logs API, wherever that is; `http` the module to use. */
export async function visitShop({ api, logs, http }) {
  const tracer = api.trace.getTracer("shop", "1.4");
  const orders = api.metrics.getMeter("shop", "1.4").createCounter("shop.orders", { unit: "{order}" });
  const server = http.createServer((request, response) => {
    tracer.startActiveSpan("order", { attributes: { "order.items": 3 } }, (span) => {
      orders.add(1, { path: request.url });
      logs.getLogger("shop", "1.4").emit({ severityNumber: 9, severityText: "INFO", body: "ordered" });
      span.end();
      response.end("thank you");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await tracer.startActiveSpan("visit", async (span) => {
    await get(http, `http://127.0.0.1:${port}/cart`);
    span.end();
  });
  return { port, close: () => server.close() };
}

function get(http, url) {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => response.resume().on("end", resolve)).on("error", reject);
  });
}
