// What a real program tells the OpenTelemetry API, the same for all generations of the SDK: spans with every kind of
// attribute, an event and a link; counters and histograms; log records. Returns what must arrive, in plain JSON.

/** Everything one run makes; `marker` tells its items from those of other runs. */
function traces(api, provider, marker) {
  const tracer = provider.getTracer("scenario", "1.2.3", { schemaUrl: "https://opentelemetry.io/schemas/1.30.0" });
  const sent = [];
  let previous;
  for (let index = 0; index < 5; index++) {
    const span = tracer.startSpan(`${marker} operation ${index}`, {
      kind: api.SpanKind.CLIENT,
      startTime: [1_700_000_000 + index, 123_456_789],
      attributes: {
        "test.marker": marker,
        "test.index": index,
        "big.integer": Number.MAX_SAFE_INTEGER,
        "a.double": 0.1 + index,
        "a.bool": index % 2 === 0,
        "some.strings": ["ä", "日本", "🦀"],
        "empty.string": "",
      },
      links: previous ? [{ context: previous, attributes: { "link.kind": "follows" } }] : [],
    });
    span.addEvent("cache miss", { "cache.key": `key-${index}` }, [1_700_000_000 + index, 200_000_001]);
    span.setStatus({ code: api.SpanStatusCode.ERROR, message: "did not work" });
    span.end([1_700_000_001 + index, 987_654_321]);
    previous = span.spanContext();
    sent.push({
      traceId: previous.traceId,
      spanId: previous.spanId,
      flags: previous.traceFlags,
      name: `${marker} operation ${index}`,
      kind: 3,
      startTimeUnixNano: `${1_700_000_000 + index}123456789`,
      endTimeUnixNano: `${1_700_000_001 + index}987654321`,
      attributes: 7,
      links: index === 0 ? 0 : 1,
    });
  }
  return sent;
}

/** One instrument of each kind, a few points each. */
function metrics(provider, marker) {
  const meter = provider.getMeter("scenario", "1.2.3");
  const counter = meter.createCounter(`${marker}.requests`, { unit: "{request}", description: "how many" });
  counter.add(7, { route: "/a" });
  counter.add(8, { route: "/b" });
  meter.createUpDownCounter(`${marker}.open`).add(-3);
  const histogram = meter.createHistogram(`${marker}.duration`, { unit: "ms" });
  for (const value of [0.5, 12, 700, 20_000]) histogram.record(value);
  meter.createObservableGauge(`${marker}.temperature`).addCallback((result) => result.observe(21.5));
  return [
    { name: `${marker}.requests`, kind: "sum", points: 2 },
    { name: `${marker}.open`, kind: "sum", points: 1 },
    { name: `${marker}.duration`, kind: "histogram", points: 1 },
    { name: `${marker}.temperature`, kind: "gauge", points: 1 },
  ];
}

/** Log records with bodies of several shapes. */
function logs(provider, marker) {
  const logger = provider.getLogger("scenario", "1.2.3");
  const bodies = [
    "plain text",
    { nested: { number: 4.5, list: [1, "zwei", true] } },
    42,
    "line one\nline two\u2028three",
  ];
  for (const [index, body] of bodies.entries()) {
    logger.emit({
      severityNumber: 9 + index,
      severityText: "INFO",
      body,
      timestamp: [1_700_000_100 + index, 5],
      attributes: { "test.marker": marker, "test.index": index },
    });
  }
  return bodies.map((_, index) => ({
    severityNumber: 9 + index,
    index,
    timeUnixNano: `${1_700_000_100 + index}000000005`,
  }));
}

/**
 * Sends the scenario as a user's program would, once for each run of the command line, and prints what was sent in each
 * as one line of JSON: `--url URL --protocol grpc|http|proto --runs THROUGH:COMPRESSION,...`. A run goes through the
 * `official` exporters, through ours in their place (`exporters`), through official ones with our serializer and transport
 * inside (`adapters`), or through our `processors`; the compression is `none` or `gzip`. The marker of its items is `GENERATION-THROUGH-PROTOCOL-COMPRESSION`.
 *
 * What differs between the generations is handed in: the API, how to import a package, and how to make each provider of a
 * resource and an exporter or a processor.
 */
export async function run({ api, generation, resourceFromAttributes, load, tracer, meter, logger }) {
  const { url, protocol, runs } = parseArguments(process.argv.slice(2));
  let failures = [];
  const quiet = () => {};
  const error = (...words) => failures.push(words.join(" "));
  api.diag.setLogger({ error, warn: quiet, info: quiet, debug: quiet, verbose: quiet }, api.DiagLogLevel.ERROR);

  const outcomes = {};
  for (const words of runs.split(",")) {
    const [through, compression] = words.split(":");
    const marker = [generation, through, protocol, compression].join("-");
    failures = [];
    const sent = await send(through, compression, marker);
    outcomes[marker] = { sent, failures };
  }
  console.log(JSON.stringify(outcomes));

  async function send(through, compression, marker) {
    const resource = resourceFromAttributes({
      "service.name": `scenario-${marker}`,
      "service.instance.id": generation,
    });
    const ours = await load(`@otlpkit/opentelemetry-${protocol}`);
    const exporter = async (signal, className) => {
      if (through === "adapters") return adapted(signal === "trace" ? "traces" : signal);
      const official = () => load(`@opentelemetry/exporter-${signal}-otlp-${protocol}`);
      const module = through === "official" ? await official() : ours;
      const path = signal === "trace" ? "traces" : signal;
      return new module[className]({ url: protocol === "grpc" ? url : `${url}/v1/${path}`, compression });
    };
    const adapted = async (signal) => {
      const { createOtlpNetworkExportDelegate, OTLPExporterBase } = await load("@opentelemetry/otlp-exporter-base");
      const { createClient } = await load("@otlpkit/client");
      const { exporterTransport, logSerializer, metricSerializer, traceSerializer } = await load("@otlpkit/client/sdk");
      const serializer = { traces: traceSerializer, metrics: metricSerializer, logs: logSerializer }[signal]();
      const client = createClient({ endpoint: url, protocol: protocols[protocol], compression });
      const settings = { timeoutMillis: 10_000, concurrencyLimit: 30, compression: "none" };
      const silent = { startExport: () => () => {} };
      const transport = exporterTransport(client, signal);
      return new OTLPExporterBase(createOtlpNetworkExportDelegate(settings, serializer, silent, transport));
    };
    const spans =
      through === "processors"
        ? { processor: new ours.OtlpSpanProcessor({ endpoint: url, compression }) }
        : { exporter: await exporter("trace", "OTLPTraceExporter") };
    const logRecords =
      through === "processors"
        ? { processor: new ours.OtlpLogRecordProcessor({ endpoint: url, compression }) }
        : { exporter: await exporter("logs", "OTLPLogExporter") };
    const providers = [
      tracer(resource, spans),
      meter(resource, { exporter: await exporter("metrics", "OTLPMetricExporter") }),
      logger(resource, logRecords),
    ];
    const [tracerProvider, meterProvider, loggerProvider] = providers;
    const sent = {
      traces: traces(api, tracerProvider, marker),
      metrics: metrics(meterProvider, marker),
      logs: logs(loggerProvider, marker),
    };
    for (const provider of providers) {
      await provider.forceFlush().catch((reason) => failures.push(String(reason)));
      await provider.shutdown().catch((reason) => failures.push(String(reason)));
    }
    return sent;
  }
}

const protocols = { grpc: "grpc", http: "http/json", proto: "http/protobuf" };

function parseArguments(argv) {
  const values = {};
  for (let index = 0; index < argv.length; index += 2) values[argv[index].replace("--", "")] = argv[index + 1];
  return values;
}
