/** The command line is not as it should be: the text says how, and the program ends with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
