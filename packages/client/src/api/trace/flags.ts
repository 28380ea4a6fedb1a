/** The trace id ends in 56 random bits, good for sampling decisions (W3C Trace Context level 2). `TraceFlags` of the API lacks it. */
export const traceFlagRandom = 0x02;
