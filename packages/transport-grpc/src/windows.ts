// Flow control windows, the same at both ends. With HTTP/2's own 64 KB both ends idle most of the time while a large
// request crosses; measured, these are worth a factor of three and more on requests of 130 KB.

/** How much may be under way on one stream without the reader's leave. */
export const streamWindowBytes: number = 4 * 1_048_576;

/** How much may be under way on one connection. */
export const sessionWindowBytes: number = 16 * 1_048_576;
