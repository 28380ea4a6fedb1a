import type { Attributes } from "../../resource.ts";
import type { Variables } from "./variables.ts";

/**
 * Reads `OTEL_RESOURCE_ATTRIBUTES`, `key=value,key=value`, and `OTEL_SERVICE_NAME` over it (I-36). Keys and values are
 * percent-decoded, and everything is a string. One member that cannot be read spoils the whole list (I-35): half a
 * description of whose telemetry it is would mislead.
 */
export function resourceAttributes(variables: Variables): Attributes {
  const serviceName = variables.text("OTEL_SERVICE_NAME");
  return {
    ...attributeList(variables, "OTEL_RESOURCE_ATTRIBUTES"),
    ...(serviceName === undefined ? {} : { "service.name": serviceName }),
  };
}

function attributeList(variables: Variables, variable: string): Attributes {
  const text = variables.text(variable);
  const attributes: [string, string][] = [];
  for (const member of (text ?? "").split(",")) {
    if (member.trim() === "") continue;
    const attribute = attributeOf(member);
    if (attribute === undefined) {
      variables.refuse(variable, `has a member that is not key=value with percent-encoding, "${member.trim()}"`);
      return {};
    }
    attributes.push(attribute);
  }
  return Object.fromEntries(attributes);
}

function attributeOf(member: string): [key: string, value: string] | undefined {
  const at = member.indexOf("=");
  try {
    const key = decodeURIComponent(member.slice(0, Math.max(at, 0)).trim());
    return key === "" ? undefined : [key, decodeURIComponent(member.slice(at + 1).trim())];
  } catch {
    // An escape that is none, or no UTF-8.
    return undefined;
  }
}
