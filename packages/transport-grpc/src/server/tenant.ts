import { ExportError } from "@otlpkit/core";
import { onwardHeaders } from "./exchange.ts";

/** Whose data a call brings, as one of its headers says; undefined if it does not. */
export function tenantOf(
  header: string | undefined,
  valueOf: (name: string) => string | readonly string[] | undefined,
): string | undefined {
  if (header === undefined) return undefined;
  const name = onwardHeaders([header], valueOf)[header]?.trim();
  return name === "" ? undefined : name;
}

/** Longer ones would cost memory for everyone who makes one up. */
const maxChars = 128;

/** What is wrong with the name of a tenant; undefined if nothing is. */
export function tenantRefusal(tenant: string | undefined): ExportError | undefined {
  if (tenant === undefined || tenant.length <= maxChars) return undefined;
  return new ExportError("invalid", `the name of the tenant has more than ${maxChars} characters`);
}
