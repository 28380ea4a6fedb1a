export { retry, type RetryEvent, type RetryOptions, type ThrottleEvent } from "./retry.ts";
