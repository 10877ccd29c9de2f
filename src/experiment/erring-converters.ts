/** A file of its own, without zod, because workers in a browser load what it is imported by. */
import type { ConverterErrorSpec } from "./converter-errors.ts";

/** Whether converters differ from exact ones in anything. */
export const hasConverterErrors = ({ gainSpread, offsetSpread, outputNoise }: ConverterErrorSpec): boolean =>
  gainSpread > 0 || offsetSpread > 0 || outputNoise > 0;
