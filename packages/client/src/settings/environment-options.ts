import type { Signal } from "@otlpkit/core";
import type { BufferOptions, ExportOptions } from "../options.ts";
import type { Attributes } from "../resource.ts";
import type { GivenEndpoint } from "./endpoint.ts";

/**
 * What the environment says, in the shape of options: so that one piece of code puts the two together, and a browser,
 * which has no environment, need not load the code that reads one. All of it has been checked: what made no sense was
 * warned of and left out.
 */
export interface EnvironmentOptions {
  /** For each signal, what is said for it over what is said for all (I-01). */
  readonly signals?: Readonly<Record<Signal, EnvironmentOfSignal>>;
  /** `OTEL_RESOURCE_ATTRIBUTES`, and over them `OTEL_SERVICE_NAME` (I-36). */
  readonly resource?: Attributes;
  /** `OTEL_SDK_DISABLED` (I-37). */
  readonly disabled?: boolean;
  /** The proxy for an endpoint by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; `insecure` as in the options. */
  readonly proxyFor?: (endpoint: string, insecure: boolean) => string | undefined;
}

type Members = Omit<ExportOptions & BufferOptions, "endpoint">;

/** What the environment says about one signal. */
export type EnvironmentOfSignal = { readonly [Name in keyof Members]?: Members[Name] | undefined } & {
  /** The first that the protocol can reach counts. Which that is depends on the protocol, the program's choice. */
  readonly endpoints?: readonly GivenEndpoint[];
  readonly giveUpAfterMs?: number | undefined;
};
