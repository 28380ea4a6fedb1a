import {
  check,
  integer,
  map,
  number,
  optional,
  or,
  present,
  record,
  section,
  type SectionOf,
  text,
} from "@otlpkit/config";

const keys = {
  /** The request header that names the tenant. */
  header: optional(map(text, (name) => name.toLowerCase())),
  /** The resource attribute that names it, where no header does. */
  attribute: optional(text),
  /** How much more than others tenants are entitled to; 1 each otherwise. */
  weights: record(check(number(), (weight) => (weight > 0 ? undefined : "must be above 0"))),
  /** Tenants that are told apart at a time, and named in metrics. */
  max: or(integer({ min: 1 }), 1000),
};

/** `service.tenants`: who shares this relay, and how. */
export const tenantsConfig = present(
  check(section(keys), ({ header, attribute }) =>
    header === undefined && attribute === undefined ? "needs header, attribute or both" : undefined,
  ),
);
export type TenantsConfig = SectionOf<typeof keys>;
