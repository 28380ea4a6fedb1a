import type { Scenario } from "../scenario.ts";
import { batchScenarios } from "./batching.ts";
import { concurrencyScenarios } from "./concurrency.ts";
import { connectionScenarios } from "./connections.ts";
import { endpointScenarios } from "./endpoints.ts";
import { environmentScenarios } from "./environment.ts";
import { limitScenarios } from "./limits.ts";
import { partialSuccessScenarios } from "./partial-success.ts";
import { programScenarios } from "./programs.ts";
import { answerScenarios } from "./reading-answers.ts";
import { requestScenarios } from "./requests.ts";
import { retryScenarios } from "./retrying.ts";
import { tellingScenarios } from "./telling.ts";
import { userAgentScenarios } from "./user-agent.ts";

/** All, in the order of their first ids. */
export const scenarios: readonly Scenario[] = [
  ...requestScenarios,
  ...answerScenarios,
  ...limitScenarios,
  ...retryScenarios,
  ...tellingScenarios,
  ...connectionScenarios,
  ...partialSuccessScenarios,
  ...concurrencyScenarios,
  ...userAgentScenarios,
  ...endpointScenarios,
  ...environmentScenarios,
  ...programScenarios,
  ...batchScenarios,
].toSorted((a, b) => first(a).localeCompare(first(b)));

function first({ ids: [id = ""] }: Scenario): string {
  return id;
}
