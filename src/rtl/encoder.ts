/**
 * The Bernoulli encoder inside cells and column feet: it fires if `floor(random I_max / 256) < gain count`, the hardware form
 * of `hardware/draws.ts`. If the normaliser is a power of two, the upper bits of the byte suffice. Any other is a
 * multiplication by a constant, written as shifts with adders and subtractors, because FPGA synthesis would turn a `*` into one
 * multiplier block per column.
 */
import { bitsFor } from "../hardware/ssa-parameters.ts";
import {
  binary,
  comment,
  concat,
  type Expression,
  type Item,
  logic,
  name,
  parity,
  shifted,
  sized,
  slice,
  widen,
  wire,
} from "./syntax.ts";

export interface EncoderShape {
  /** I_max. */
  readonly normaliser: number;
  /** A power of two. */
  readonly gain: number;
  /** Name and width of the count. */
  readonly count: string;
  readonly countBits: number;
  /** Name of the random byte. */
  readonly random: string;
}

/** Declares `draw` and `fires`, and the signals they need. */
export function encoderItems({ normaliser, gain, count, countBits, random }: EncoderShape): Item[] {
  const gainShift = Math.log2(gain);
  const scaled = shifted(name(count), gainShift);
  const scaledBits = countBits + gainShift;
  const { items, drawBits } = drawItems(normaliser, random);
  const width = Math.max(drawBits, scaledBits);
  const fires = binary(widen(name("draw"), drawBits, width), "<", widen(scaled, scaledBits, width));
  return [
    comment(`Draw in 0 .. ${normaliser - 1}: fires with probability ${gain} x count / ${normaliser}.`),
    ...items,
    logic(1, "fires"),
    wire(name("fires"), fires),
  ];
}

function drawItems(normaliser: number, random: string): { items: Item[]; drawBits: number } {
  const exponent = Math.log2(normaliser);
  if (Number.isInteger(exponent) && exponent > 8) {
    return {
      items: [logic(exponent, "draw"), wire(name("draw"), concat(name(random), sized(exponent - 8, 0)))],
      drawBits: exponent,
    };
  }
  if (Number.isInteger(exponent) && exponent > 0) {
    return {
      items: [
        logic(exponent, "draw"),
        wire(name("draw"), slice(name(random), 7, 8 - exponent)),
        ...(exponent === 8 ? [] : unused("random", slice(name(random), 7 - exponent, 0))),
      ],
      drawBits: exponent,
    };
  }
  if (exponent === 0) {
    return {
      items: [logic(1, "draw"), wire(name("draw"), sized(1, 0)), ...unused("random", name(random))],
      drawBits: 1,
    };
  }
  const productBits = 8 + bitsFor(normaliser);
  const drawBits = productBits - 8;
  return {
    items: [
      comment(`${normaliser} x ${random}.`),
      logic(productBits, "product"),
      wire(name("product"), timesConstant(name(random), 8, normaliser, productBits)),
      logic(drawBits, "draw"),
      wire(name("draw"), slice(name("product"), productBits - 1, 8)),
      ...unused("product", slice(name("product"), 7, 0)),
    ],
    drawBits,
  };
}

/** A value of the given width times a constant, modulo 2^width: sums and differences of shifted values, none wider than `width`. */
export function timesConstant(value: Expression, bits: number, constant: number, width: number): Expression {
  const [first, ...rest] = signedDigits(constant)
    .reverse()
    .map(({ sign, shift }) => ({ sign, term: widen(shifted(value, shift), bits + shift, width) }));
  return rest.reduce((sum, { sign, term }) => binary(sum, sign === 1 ? "+" : "-", term), first.term);
}

/**
 * The digits of a positive whole number in canonical signed-digit form, lowest first: the fewest powers of two that are added
 * or subtracted to give it. The highest is added.
 */
export function signedDigits(value: number): { readonly sign: 1 | -1; readonly shift: number }[] {
  const digits: { sign: 1 | -1; shift: number }[] = [];
  for (let [rest, shift] = [value, 0]; rest !== 0; shift++) {
    if (rest % 2 === 1) {
      const sign = rest % 4 === 3 ? -1 : 1;
      digits.push({ sign, shift });
      rest -= sign;
    }
    rest /= 2;
  }
  return digits;
}

/** Tells linters that bits are unused on purpose, in lowRISC's style. */
export function unused(what: string, value: Parameters<typeof parity>[0]): Item[] {
  return [logic(1, `unused_${what}`), wire(name(`unused_${what}`), parity(value))];
}

/** Collects the bits of `signal` for which `isUsed` is false in one sink; nothing when all are used. */
export function unusedBits(signal: string, width: number, isUsed: (bit: number) => boolean): Item[] {
  const ranges: { low: number; high: number }[] = [];
  for (let i = 0; i < width; i++) {
    if (isUsed(i)) continue;
    const last = ranges[ranges.length - 1];
    if (last?.high === i - 1) last.high = i;
    else ranges.push({ low: i, high: i });
  }
  if (ranges.length === 0) return [];
  const slices = ranges.map(({ low, high }) => slice(name(signal), high, low));
  return unused(signal.replace(/_i$/, ""), slices.length === 1 ? slices[0] : concat(...slices));
}
