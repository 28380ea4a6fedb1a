export { retry, type RetryEvent, type RetryOptions, type ThrottleEvent } from "./retry.ts";
export { retryBudget, type RetryBudget, type RetryBudgetOptions } from "./retry-budget.ts";
export { breaker, type BreakerEvent, type BreakerOptions, type BreakerState } from "./breaker.ts";
export { adaptiveConcurrency, type AdaptiveConcurrencyOptions } from "./adaptive-concurrency.ts";
export { type FairLine, fairLine } from "./fair-line.ts";
