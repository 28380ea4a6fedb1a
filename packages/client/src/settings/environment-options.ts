import type { Signal } from "@otlpkit/core";
import type { BufferOptions, ClientOptions, ExportOptions, Protocol } from "../options.ts";
import type { Attributes } from "../resource.ts";
import type { SignalSettings } from "./settings.ts";

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
  /** The endpoint for a signal; undefined: nothing is said that this protocol could reach. */
  readonly placeFor?: (signal: Signal, protocol: Protocol | undefined) => Place | undefined;
  /** The proxy for an endpoint by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; `insecure` as in the options. */
  readonly proxyFor?: (endpoint: string, insecure: boolean) => string | undefined;
}

/** What the environment says about one signal. */
export type EnvironmentOfSignal = {
  readonly [Name in keyof SignalOptions]?: SignalOptions[Name] | undefined;
};

type SignalOptions = Omit<ExportOptions & BufferOptions, "endpoint"> & Pick<ClientOptions, "giveUpAfterMs">;

/** Where a signal goes: an endpoint, and what to make of it. */
export type Place = Pick<SignalSettings, "url" | "path">;
