import type { Receiver } from "@otlpkit/core";
import { type CaseOptions, register, type Runner } from "../cases/runner.ts";
import { answerCases } from "./receiver/answers.ts";
import { doorCases } from "./receiver/connections.ts";
import type { ReceiverCaseSettings, ReceiverSetting } from "./receiver/door.ts";
import { grpcOnlyCases } from "./receiver/grpc-only.ts";
import { httpOnlyCases } from "./receiver/http-only.ts";
import { incomingCases } from "./receiver/requests.ts";

/** Options of {@link receiverCases}. */
export interface ReceiverCaseOptions extends CaseOptions {
  /** Which protocol the receiver speaks. */
  readonly speaks: "http" | "grpc";
}

/**
 * Proves a {@link Receiver} by clients of the kit's own, which send what is right, wrong, too large, too slow or broken off:
 * groups B and D. For Node, since it opens ports on loopback.
 *
 * ```ts no-run
 * receiverCases({ it }, (settings) => httpReceiver(settings), { speaks: "http" });
 * ```
 */
export function receiverCases(
  runner: Runner,
  make: (settings: ReceiverCaseSettings) => Receiver,
  options: ReceiverCaseOptions,
): void {
  const setting: ReceiverSetting = { speaks: options.speaks, make };
  const own = setting.speaks === "http" ? httpOnlyCases : grpcOnlyCases;
  register(
    runner,
    [...incomingCases(setting), ...answerCases(setting), ...own(setting), ...doorCases(setting)],
    options,
  );
}
