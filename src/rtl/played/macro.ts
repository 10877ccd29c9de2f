/**
 * Corners of an analog macro's digital behaviour, with conductances of their own: code = floor((units + half a step) / step), where units
 * add up over driven lines, clipped as `docs/rtl-machine.md` says.
 */
import type { AdcSpec } from "../../experiment/hardware.ts";
import type { Stream } from "../../numeric/stream.ts";
import { type AimcMacroSize, CONDUCTANCE_BITS, macroName, servicePins } from "../machine/aimc-macro.ts";
import { indexBits } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import { linesFor, stopped } from "./numbers.ts";
import { bitsOf, flag, type Line, type Play, packed } from "./player.ts";

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** Units of a code step, so that many sums lie halfway between two codes. */
const STEP_BITS = 2;

/** @param adc without errors */
export function macroLines(
  size: AimcMacroSize,
  { mode, bits }: Pick<AdcSpec, "mode" | "bits">,
  codeBits: number,
  random: Stream,
): Play {
  const { rows, columns, lanes, multiplexerSteps } = size;
  const isPair = mode === "pair";
  const range = isPair
    ? { low: 0, high: 2 ** (bits as number) - 1 }
    : { low: 1 - 2 ** ((bits as number) - 1), high: 2 ** ((bits as number) - 1) - 1 };
  const step = 2 ** STEP_BITS;
  // All rows together drive the first of three columns past one end, and the second past the other; half a step is a single cell.
  const large = Math.ceil((2 * range.high * step) / rows);
  const cells = times(columns, (c) =>
    times(rows, (r) => {
      const [more, less] = [large + random.integer(large), random.integer(step)];
      if (c % 3 === 2)
        return { plus: r === 0 ? step / 2 : random.integer(large), minus: r === 0 ? 0 : random.integer(large) };
      return c % 3 === 0 ? { plus: more, minus: less } : { plus: less, minus: more };
    }),
  );
  const converted = (units: number) => Math.floor((units + step / 2) / step);
  let held: number[] | null = null;
  const lines = times(Math.min(400, linesFor(lanes)), (): Line => {
    const reached = new Set<string>();
    const density = random.integer(4);
    const driven = times(rows, () =>
      density === 0 ? 0 : density === 1 ? 1 : random.integer(density === 2 ? 2 : 6) === 0 ? 1 : 0,
    );
    const select = random.integer(multiplexerSteps);
    const converts = random.integer(4) > 0;
    const line = {
      values: {
        convert_i: flag(converts),
        select_i: bitsOf(select, indexBits(multiplexerSteps)),
        lines_i: driven.toReversed().join(""),
        ...Object.fromEntries(servicePins(size).map(({ name, width }) => [name, bitsOf(0, width)])),
        known: flag(held !== null),
        codes_o: packed(held ?? times(lanes, () => 0), codeBits),
      },
      reached: [] as string[],
    };
    if (held !== null && !converts) reached.add("codes_held");
    if (converts) {
      held = times(lanes, (lane) => {
        const column = lanes * select + lane;
        if (column >= columns) {
          reached.add("no_column");
          return 0;
        }
        const units = { plus: 0, minus: 0 };
        cells[column].forEach(({ plus, minus }, r) => {
          units.plus += driven[r] * plus;
          units.minus += driven[r] * minus;
        });
        const sides = isPair ? [units.plus, units.minus] : [units.plus - units.minus];
        const codes = sides.map((side) => {
          const code = converted(side);
          if (code > range.high) reached.add("clips_high");
          if (code < range.low) reached.add("clips_low");
          if (((side % step) + step) % step === step / 2) reached.add("half_a_step");
          return stopped(code, range);
        });
        if (column === columns - 1) reached.add("last_column");
        return isPair ? codes[0] - codes[1] : codes[0];
      });
      if (driven.every((bit) => bit === 0)) reached.add("silence");
    }
    return { ...line, reached: [...reached] };
  });
  const block = macroName(size);
  const file = `play_cells_${block}.hex`;
  const word = ({ plus, minus }: { plus: number; minus: number }) => plus * 2 ** CONDUCTANCE_BITS + minus;
  const digits = (2 * CONDUCTANCE_BITS) / 4;
  return {
    block,
    driven: [
      { name: "convert_i", width: 1 },
      ...(multiplexerSteps > 1 ? [{ name: "select_i", width: indexBits(multiplexerSteps) }] : []),
      { name: "lines_i", width: rows },
      ...servicePins(size),
    ],
    compared: [{ name: "codes_o", width: lanes * codeBits, when: "known" }],
    gates: ["known"],
    lines,
    points: {
      clips_high: null,
      clips_low: isPair
        ? "a line's current is never negative"
        : columns > 1
          ? null
          : "all current of one column is positive",
      half_a_step: rows > 1 || columns > 2 ? null : "no cell is half a step",
      silence: null,
      codes_held: null,
      last_column: null,
      no_column: lanes * multiplexerSteps > columns ? null : "every unit has a column in every step",
    },
    parameters: { Cells: sv.text(file), StepBits: sv.decimal(STEP_BITS) },
    files: {
      [file]: `${cells
        .flat()
        .map((cell) => word(cell).toString(16).padStart(digits, "0"))
        .join("\n")}\n`,
    },
  };
}
