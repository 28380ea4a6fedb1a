import { check, choice, flag, ignored, integer, list, number, optional, or, present, record } from "@otlpkit/config";
import { section, type SectionOf, shape, text, unsupported } from "@otlpkit/config";

const url = check(text, (value) =>
  URL.canParse(value.includes("://") ? value : `http://${value}`)
    ? undefined
    : 'must be an URL such as "http://collector:4318"',
);

/** As a map, or as the list of names and values that newer files have. */
const headers = shape((value, path, report): Readonly<Record<string, string>> => {
  if (!Array.isArray(value)) return record(text).read(value, path, report);
  const pairs = list(section({ name: text, value: text })).read(value, path, report);
  return Object.fromEntries(pairs.map((pair) => [pair.name, pair.value]));
});

const target = {
  endpoint: url,
  headers,
  /** Without TLS, for endpoints without a scheme. */
  insecure: or(flag, false),
  timeout: or(integer({ min: 1 }), 10_000),
  compression: ignored("requests are compressed with gzip"),
  certificate: unsupported("use an endpoint whose certificate the system knows, or one on this machine"),
  client_key: unsupported("use headers"),
  client_certificate: unsupported("use headers"),
};

const exporter = check(
  section({
    otlp: present(section({ ...target, protocol: or(choice("http/protobuf", "grpc"), "http/protobuf") })),
    otlp_http: present(section({ ...target, encoding: ignored("protobuf is sent") })),
    otlp_grpc: present(section(target)),
    console: unsupported("name an OTLP endpoint"),
  }),
  ({ otlp, otlp_grpc, otlp_http }) =>
    [otlp, otlp_grpc, otlp_http].filter((one) => one !== undefined).length === 1
      ? undefined
      : "needs one of otlp, otlp_http and otlp_grpc",
);

const processor = check(
  section({
    batch: present(
      section({
        exporter,
        /** In ms, as in the Collector. */
        schedule_delay: or(integer({ min: 1 }), 5_000),
        export_timeout: ignored("exporter.timeout bounds a request"),
        max_queue_size: or(integer({ min: 1 }), 2_048),
        max_export_batch_size: or(integer({ min: 1 }), 512),
      }),
    ),
    simple: present(section({ exporter })),
  }),
  ({ batch, simple }) =>
    (batch === undefined) === (simple === undefined) ? "needs either batch or simple" : undefined,
);

const roots = {
  always_on: present(section({})),
  always_off: present(section({})),
  trace_id_ratio_based: present(section({ ratio: or(number({ min: 0, max: 1 }), 1) })),
};
const elsewhere = ignored("a request's own trace is not continued");
const sampler = section({
  ...roots,
  parent_based: present(
    section({
      root: optional(section(roots)),
      remote_parent_sampled: elsewhere,
      remote_parent_not_sampled: elsewhere,
      local_parent_sampled: elsewhere,
      local_parent_not_sampled: elsewhere,
    }),
  ),
});

const keys = {
  level: or(choice("none", "basic", "normal", "detailed"), "normal"),
  processors: check(list(processor), (all) => (all.length > 1 ? "one processor is supported" : undefined)),
  sampler: optional(sampler),
  propagators: ignored("a request's own trace is not continued"),
  limits: ignored("spans have a handful of attributes"),
};

/** `service.telemetry.traces` in the Collector's words: off unless there is a processor with an exporter. */
export const ownTraces = section(keys);
export type OwnTraces = SectionOf<typeof keys>;

/** The share of requests that is traced; all of them unless a sampler says otherwise, as in the Collector. */
export function ratioOf({ level, sampler: chosen }: OwnTraces): number {
  if (level === "none") return 0;
  const root = chosen?.parent_based?.root ?? chosen;
  if (root?.always_off !== undefined) return 0;
  return root?.trace_id_ratio_based?.ratio ?? 1;
}
