export { retry, type RetryEvent, type RetryOptions } from "./retry.ts";
