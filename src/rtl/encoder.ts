/**
 * The Bernoulli encoder inside cells and column feet: it fires if `floor(random I_max / 256) < gain count`, the hardware form
 * of `hardware/draws.ts`. If the normaliser is a power of two, the upper bits of the byte suffice. Any other is a
 * multiplication by a constant, written as shifts with adders and subtractors, because FPGA synthesis would turn a `*` into one
 * multiplier block per column.
 */
import { bitsFor } from "../hardware/ssa-parameters.ts";
import * as sv from "./syntax.ts";

export interface EncoderShape {
  /** I_max. */
  readonly normaliser: number;
  /** A power of two. */
  readonly gain: number;
  readonly count: sv.Signal;
  /** The random byte, and what comments call it. */
  readonly random: sv.Signal;
}

/** Whether the encoder fires, and what computes it: `draw`, `fires`, and the signals they need. */
export function encoderItems({ normaliser, gain, count, random }: EncoderShape): {
  readonly items: sv.Item[];
  readonly fires: sv.Signal;
} {
  const gainShift = Math.log2(gain);
  const scaledBits = count.width! + gainShift;
  const { items, draw } = drawItems(normaliser, random);
  const width = Math.max(draw.width!, scaledBits);
  const fires = sv.signal("fires");
  const scaled = sv.widen(sv.shifted(count, gainShift), scaledBits, width);
  return {
    items: [
      sv.comment(`Draw in 0 .. ${normaliser - 1}: fires with probability ${gain} x count / ${normaliser}.`),
      ...items,
      sv.declare(fires),
      sv.wire(fires, sv.binary(sv.widen(draw, draw.width!, width), "<", scaled)),
    ],
    fires,
  };
}

function drawItems(normaliser: number, random: sv.Signal): { items: sv.Item[]; draw: sv.Signal } {
  const exponent = Math.log2(normaliser);
  if (!Number.isInteger(exponent)) return productItems(normaliser, random);
  const draw = sv.signal("draw", Math.max(1, exponent));
  const drawn = (value: sv.Expression, ...rest: sv.Item[]) => ({
    items: [sv.declare(draw), sv.wire(draw, value), ...rest],
    draw,
  });
  if (exponent > 8) return drawn(sv.concat(random, sv.sized(exponent - 8, 0)));
  if (exponent === 0) return drawn(sv.sized(1, 0), ...unused("random", random));
  return drawn(
    sv.slice(random, 7, 8 - exponent),
    ...(exponent === 8 ? [] : unused("random", sv.slice(random, 7 - exponent, 0))),
  );
}

function productItems(normaliser: number, random: sv.Signal): { items: sv.Item[]; draw: sv.Signal } {
  const product = sv.signal("product", 8 + bitsFor(normaliser));
  const top = product.width! - 1;
  const draw = sv.signal("draw", top - 7);
  return {
    items: [
      sv.comment(`${normaliser} x ${random.name}.`),
      sv.declare(product),
      sv.wire(product, timesConstant(random, 8, normaliser, top + 1)),
      sv.declare(draw),
      sv.wire(draw, sv.slice(product, top, 8)),
      ...unused("product", sv.slice(product, 7, 0)),
    ],
    draw,
  };
}

/** A value of the given width times a constant, modulo 2^width: sums and differences of shifted values, none wider than `width`. */
export function timesConstant(value: sv.Expression, bits: number, constant: number, width: number): sv.Expression {
  const [first, ...rest] = signedDigits(constant)
    .reverse()
    .map(({ sign, shift }) => ({ sign, term: sv.widen(sv.shifted(value, shift), bits + shift, width) }));
  return rest.reduce((sum, { sign, term }) => sv.binary(sum, sign === 1 ? "+" : "-", term), first.term);
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
export function unused(what: string, value: sv.Expression): sv.Item[] {
  const sink = sv.signal(`unused_${what}`);
  return [sv.declare(sink), sv.wire(sink, sv.parity(value))];
}

/** Collects the bits of `signal` for which `isUsed` is false in one sink; nothing when all are used. */
export function unusedBits(signal: sv.Signal, isUsed: (bit: number) => boolean): sv.Item[] {
  const ranges: { low: number; high: number }[] = [];
  for (let i = 0; i < signal.width!; i++) {
    if (isUsed(i)) continue;
    const last = ranges[ranges.length - 1];
    if (last?.high === i - 1) last.high = i;
    else ranges.push({ low: i, high: i });
  }
  if (ranges.length === 0) return [];
  const slices = ranges.map(({ low, high }) => sv.slice(signal, high, low));
  return unused(signal.name.replace(/_i$/, ""), slices.length === 1 ? slices[0] : sv.concat(...slices));
}
