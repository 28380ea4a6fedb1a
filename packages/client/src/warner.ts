/** Says each warning once. */
export function warner(onWarning: (warning: string) => void = say): (warning: string) => void {
  const said = new Set<string>();
  return (warning) => {
    if (said.has(warning)) return;
    said.add(warning);
    onWarning(warning);
  };
}

function say(warning: string): void {
  console.warn(`otlpkit: ${warning}`);
}
