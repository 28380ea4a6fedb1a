/** Waits for what only tidies up: if it fails, whatever is left behind is seen to at the next start. */
export async function bestEffort(work: Promise<unknown> | undefined): Promise<void> {
  try {
    await work;
  } catch {
    // See above.
  }
}
