import { type Context, diag, type TextMapPropagator } from "@opentelemetry/api";

/** Puts propagators together: each writes its headers, each reads what it knows, in this order. One that throws is passed over. */
export function compositePropagator(...propagators: readonly TextMapPropagator[]): TextMapPropagator {
  return {
    inject(context, carrier, setter) {
      for (const propagator of propagators) {
        try {
          propagator.inject(context, carrier, setter);
        } catch (error) {
          diag.warn(`cannot inject ${propagator.fields().join(", ")}`, error);
        }
      }
    },
    extract(context, carrier, getter) {
      let extracted: Context = context;
      for (const propagator of propagators) {
        try {
          extracted = propagator.extract(extracted, carrier, getter);
        } catch (error) {
          diag.warn(`cannot extract ${propagator.fields().join(", ")}`, error);
        }
      }
      return extracted;
    },
    fields: () => [...new Set(propagators.flatMap((propagator) => propagator.fields()))],
  };
}
