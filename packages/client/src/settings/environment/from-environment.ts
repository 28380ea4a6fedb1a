import type { EnvironmentOfSignal, EnvironmentOptions } from "../environment-options.ts";
import { type PemFiles, pemFiles, type ReadFile, tlsOf } from "./certificates.ts";
import { headerList } from "./header-list.ts";
import { places } from "./places.ts";
import { proxies } from "./proxies.ts";
import { resourceAttributes } from "./resource-attributes.ts";
import { type Environment, type Variables, variables, type Warn } from "./variables.ts";

/**
 * Reads the variables that steer a client; `ENVIRONMENT.md` of this package lists them all. Never throws: what makes no
 * sense is told to `warn`, each thing once, and left out. `readFile` is for the certificates.
 */
export function fromEnvironment(environment: Environment, warn: Warn, readFile: ReadFile): EnvironmentOptions {
  const read = variables(environment, warn);
  if (read.text("OTEL_CONFIG_FILE") !== undefined) {
    read.refuse("OTEL_CONFIG_FILE", "names a configuration file, and there is no support for those");
  }
  const forAll = exporting(read, "OTEL_EXPORTER_OTLP", readFile);
  const signal = (name: string): EnvironmentOfSignal => {
    const forSignal = exporting(read, `OTEL_EXPORTER_OTLP_${name}`, readFile);
    return merged(forAll, forSignal, read);
  };
  return {
    signals: {
      traces: { ...signal("TRACES"), ...processing(read, "OTEL_BSP") },
      metrics: { ...signal("METRICS"), giveUpAfterMs: read.whole("OTEL_METRIC_EXPORT_TIMEOUT") },
      logs: { ...signal("LOGS"), ...processing(read, "OTEL_BLRP") },
      // There are no variables for this one.
      profiles: merged(forAll, forAll, read),
    },
    resource: resourceAttributes(read),
    disabled: read.flag("OTEL_SDK_DISABLED") ?? false,
    placeFor: places(read),
    proxyFor: proxies(read),
  };
}

const protocols = ["grpc", "http/protobuf", "http/json"] as const;
// The specification knows no others; the program may ask for more.
const compressions = ["none", "gzip"] as const;

/** What the variables of one prefix say. */
interface Exporting extends Omit<EnvironmentOfSignal, "tls"> {
  readonly files: PemFiles;
}

function exporting(read: Variables, prefix: string, readFile: ReadFile): Exporting {
  return {
    protocol: read.oneOf(`${prefix}_PROTOCOL`, protocols),
    insecure: read.flag(`${prefix}_INSECURE`),
    headers: headerList(read, `${prefix}_HEADERS`),
    compression: read.oneOf(`${prefix}_COMPRESSION`, compressions),
    timeoutMs: read.whole(`${prefix}_TIMEOUT`),
    files: pemFiles(read, prefix, readFile),
  };
}

/** What is said for a signal, and what is said for all where nothing is. Headers and certificates one by one (I-01, I-13). */
function merged(forAll: Exporting, forSignal: Exporting, read: Variables): EnvironmentOfSignal {
  return {
    protocol: forSignal.protocol ?? forAll.protocol,
    insecure: forSignal.insecure ?? forAll.insecure,
    headers: { ...forAll.headers, ...forSignal.headers },
    compression: forSignal.compression ?? forAll.compression,
    timeoutMs: forSignal.timeoutMs ?? forAll.timeoutMs,
    tls: tlsOf({ ...forAll.files, ...forSignal.files }, read),
  };
}

/** The variables of a batch processor (I-28, I-29). How long one export may take is how long we keep on trying. */
function processing(read: Variables, prefix: string): EnvironmentOfSignal {
  const maxQueueItems = read.whole(`${prefix}_MAX_QUEUE_SIZE`, 1);
  const maxBatchItems = read.whole(`${prefix}_MAX_EXPORT_BATCH_SIZE`, 1);
  const fits = (maxBatchItems ?? 0) <= (maxQueueItems ?? Infinity);
  if (!fits) read.refuse(`${prefix}_MAX_EXPORT_BATCH_SIZE`, `is more than ${prefix}_MAX_QUEUE_SIZE, ${maxQueueItems}`);
  return {
    maxQueueItems,
    maxBatchItems: fits ? maxBatchItems : maxQueueItems,
    maxAgeMs: read.whole(`${prefix}_SCHEDULE_DELAY`),
    giveUpAfterMs: read.whole(`${prefix}_EXPORT_TIMEOUT`),
  };
}
