import { ExportError } from "@otlpkit/core";

/** Puts the place in the configuration in front of whatever goes wrong there. */
export async function naming<T>(place: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const error = ExportError.from(thrown, code === "EADDRINUSE" ? "the port is taken" : "cannot start");
    throw new ExportError(error.code, `${place}: ${error.message}`, { cause: thrown });
  }
}
