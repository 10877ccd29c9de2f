// The number formats to compare.
import { RECOMMENDED_FORMATS } from "xpikeformer/internal";

/** Registers wide enough that a series changes only the field it names. */
const WIDE = { factorBits: 16, offsetBits: 16, streamBits: 16, membraneBits: 16, logitBits: 16 };

/** The fields that vary, with their values. */
export const SERIES = {
  stepBits: [0, 1, 2, 3, 4, 5, 6, 7, 8, 10],
  fractionBits: [2, 3, 4, 5, 6, 7, 8, 9],
  streamBits: [9, 10, 11, 12, 13, 14],
  membraneBits: [10, 11, 12, 13, 14],
};

export const FLOATING_POINT = "floating point";
export const RECOMMENDED = "recommended";
export const DIFFERENTIAL = "differential";

/** Machines by name: floating point and the recommended formats, each with both converter modes, and every series. */
export function machinesOf({ adc, ssa, ...rest }) {
  const hardware = { ...rest, adc: { ...adc, mode: "pair" }, ssa: { ...ssa, random: "ideal" }, arithmetic: null };
  const differential = { ...hardware, adc: { ...adc, mode: "differential" } };
  const series = Object.entries(SERIES).flatMap(([field, values]) =>
    values.map((value) => [`${field} ${value}`, { ...RECOMMENDED_FORMATS, ...WIDE, [field]: value }]),
  );
  return [
    [FLOATING_POINT, hardware],
    [RECOMMENDED, { ...hardware, arithmetic: RECOMMENDED_FORMATS }],
    [`${DIFFERENTIAL}, ${FLOATING_POINT}`, differential],
    [`${DIFFERENTIAL}, ${RECOMMENDED}`, { ...differential, arithmetic: RECOMMENDED_FORMATS }],
    ...series.map(([name, arithmetic]) => [name, { ...hardware, arithmetic }]),
  ].map(([name, machine]) => ({ name, hardware: machine }));
}
