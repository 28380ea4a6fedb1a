export { recordingSender, type RecordingSender, type RecordingSenderOptions, type Reply } from "./recording-sender.ts";
export { fakeClock, type FakeClock } from "./fake-clock.ts";
export { seeded, type Seeded, type SeededOptions } from "./seeded.ts";
export { ledger, type Ledger, type LedgerReport } from "./ledger.ts";
export { itemIdAttribute, itemIds } from "./item-ids.ts";
export type { CaseOptions, Runner } from "./cases/runner.ts";
export { compressorCases } from "./cases/compressor-cases.ts";
export { middlewareCases } from "./cases/middleware-cases.ts";
export { senderCases, type SenderUnderTest } from "./cases/sender-cases.ts";
