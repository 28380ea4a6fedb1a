import type { Balance, Ledger } from "./ledger.ts";

/** The ledger for people: a line for each destination, and one for each account that does not close. */
export function ledgerLines({ destinations, open }: Pick<Ledger, "destinations" | "open">): string[] {
  return [
    ...Object.entries(destinations).map(([name, balance]) => `${name}: ${outcomeOf(balance)}`),
    ...open.map(({ kind, name, tenant, difference }) => {
      const whose = tenant === undefined ? "" : `, tenant ${tenant}`;
      const what = difference > 0 ? "accepted, and nobody knows where they are" : "out than came in";
      const items = `${Math.abs(difference).toLocaleString("en-US")} ${difference > 0 ? "items were" : "more items went"}`;
      return `THE LEDGER DOES NOT CLOSE: ${kind} ${name}${whose}: ${items} ${what}`;
    }),
  ];
}

const words = [
  ["deadLettered", "dead-lettered"],
  ["queued", "queued"],
  ["repeated", "repeated"],
] as const;

/** "70 delivered, 0 rejected, 10 dropped (queue/unavailable), 5 queued, 20 of them recovered". */
function outcomeOf(balance: Balance): string {
  const count = (items: number): string => items.toLocaleString("en-US");
  const because = (kind: keyof Balance["reasons"]): string => {
    const reasons = Object.keys(balance.reasons[kind] ?? {});
    return reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
  };
  const parts = [
    `${count(balance.delivered)} delivered`,
    `${count(balance.rejected)} rejected${because("rejected")}`,
    `${count(balance.dropped)} dropped${because("dropped")}`,
  ];
  for (const [member, word] of words) {
    const why = member === "deadLettered" ? because(member) : "";
    if (balance[member] !== 0) parts.push(`${count(balance[member])} ${word}${why}`);
  }
  if (balance.recovered > 0) parts.push(`${count(balance.recovered)} of them from before the start`);
  return parts.join(", ");
}
