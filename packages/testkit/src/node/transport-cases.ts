import { type Case, type CaseOptions, register, type Runner } from "../cases/runner.ts";
import { casesOfSender } from "../cases/sender-cases.ts";
import { startBackend, type TransportCaseSettings, type TransportSetting } from "./transport/bench.ts";
import { connectionCases } from "./transport/connections.ts";
import { grpcFailureCases } from "./transport/grpc-failures.ts";
import { httpFailureCases } from "./transport/http-failures.ts";
import { limitCases } from "./transport/limits.ts";
import { proxyCases } from "./transport/proxies.ts";
import { requestCases } from "./transport/requests.ts";
import { successCases } from "./transport/successes.ts";

/** Options of {@link transportCases}. */
export interface TransportCaseOptions extends CaseOptions {
  /** Which protocol the transport speaks. */
  readonly backend: "http" | "grpc";
}

/**
 * Proves a {@link Transport} against a backend that answers everything the checklist names, good and bad: groups A, C, F and
 * G, and that its connections are good senders. For Node, since the backend listens on loopback.
 *
 * ```ts no-run
 * transportCases({ it }, (settings) => httpTransport(settings), { backend: "http" });
 * ```
 */
export function transportCases(
  runner: Runner,
  make: (settings: TransportCaseSettings) => ReturnType<TransportSetting["make"]>,
  options: TransportCaseOptions,
): void {
  const setting: TransportSetting = { speaks: options.backend, make };
  const cases: Case[] = [
    ...requestCases(setting),
    ...successCases(setting),
    ...(setting.speaks === "http" ? httpFailureCases(setting) : grpcFailureCases(setting)),
    ...limitCases(setting),
    ...connectionCases(setting),
    ...proxyCases(setting),
    ...casesOfSender(() => senderOf(setting)),
  ];
  register(runner, cases, options);
}

async function senderOf(setting: TransportSetting): ReturnType<Parameters<typeof casesOfSender>[0]> {
  const backend = await startBackend(setting);
  let release = (): void => undefined;
  return {
    sender: setting.make({}).connect({ url: backend.url }),
    hold() {
      const until = new Promise<void>((resolve) => (release = resolve));
      backend.script({ kind: "ok", until });
    },
    release() {
      release();
      backend.script({ kind: "ok" });
    },
    arrived: (count) => backend.arrived(count),
    dispose: () => backend.close(),
  };
}
