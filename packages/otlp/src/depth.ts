/** Messages inside the outermost. Deeper is refused, as other decoders of protobuf do (E-25). */
export const maxMessageDepth = 100;
