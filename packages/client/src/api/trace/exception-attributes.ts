import type { Attributes, Exception } from "@opentelemetry/api";

/** What is told of an exception, by the semantic conventions. Undefined: it has neither a type nor a message. */
export function exceptionAttributes(exception: Exception): Attributes | undefined {
  if (typeof exception === "string") return exception === "" ? undefined : { "exception.message": exception };
  // Without types anything can come, as anything can be thrown.
  if (typeof exception !== "object" || exception === null) return undefined;
  const { code, message, stack } = exception;
  const type = code ? `${code}` : exception.name;
  if (!type && !message) return undefined;
  return {
    ...(type ? { "exception.type": type } : {}),
    ...(message ? { "exception.message": message } : {}),
    ...(stack ? { "exception.stacktrace": stack } : {}),
  };
}
