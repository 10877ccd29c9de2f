/** Vectors for the LIF unit that require no network: corner cases, and random windows with pauses. */
import { type LifPins, lifPins } from "../hardware/clocked-lif.ts";
import { type LifParameters, type LifSettings, signedRange, type WholeRange } from "../hardware/lif-parameters.ts";
import type { Stream } from "../numeric/stream.ts";

/**
 * Corner cases: all codes and offsets at one extreme, against the lowest and highest threshold, long enough for membranes to
 * reach the ends of their range; alternating extremes; thresholds equal to the membrane of the first step, which fires, and one
 * above. Then random windows.
 *
 * Random   `random.fork("window", n)`
 */
export function* lifTestPins(parameters: LifParameters, windows: number, random: Stream): Generator<LifPins> {
  const { columns, rowBlocks, codeBits, offsetBits, membraneRange, currentRange, membraneBits, leakShift } = parameters;
  const [code, offset] = [signedRange(codeBits), signedRange(offsetBits)];
  const perStep = columns * rowBlocks;
  const longest = leakShift === 0 ? parameters.steps : Math.max(parameters.steps, membraneBits + 2);
  const same = (registers: LifSettings) => new Array<LifSettings>(columns).fill(registers);
  const constant = (value: number) => new Int32Array(longest * perStep).fill(value);
  for (const end of ["low", "high"] as const) {
    for (const threshold of [1, membraneRange.high]) {
      yield* lifPins(parameters, same({ offset: offset[end], threshold }), constant(code[end]), longest);
    }
  }
  const alternating = Int32Array.from({ length: longest * perStep }, (_, i) =>
    Math.floor(i / perStep) % 2 === 0 ? code.high : code.low,
  );
  yield* lifPins(parameters, same({ offset: 0, threshold: membraneRange.high }), alternating, longest);
  for (const threshold of [currentRange.high, currentRange.high + 1]) {
    if (threshold > membraneRange.high) continue;
    yield* lifPins(parameters, same({ offset: offset.high, threshold }), constant(code.high), longest);
  }
  for (let n = 0; n < windows; n++) yield* randomWindow(parameters, random.fork("window", n));
}

/** Two tokens of random codes, every second window with pauses. Thresholds are within reach of sums of random codes. */
function randomWindow(parameters: LifParameters, random: Stream): LifPins[] {
  const { columns, rowBlocks, codeBits, offsetBits, membraneRange, steps } = parameters;
  const within = ({ low, high }: WholeRange) => low + random.integer(high - low + 1);
  const settings = Array.from({ length: columns }, () => ({
    offset: within(signedRange(offsetBits)),
    threshold: 1 + random.integer(Math.ceil(membraneRange.high / 4)),
  }));
  const pauses = random.integer(2) === 1;
  const codes = Int32Array.from({ length: 2 * steps * columns * rowBlocks }, () => within(signedRange(codeBits)));
  return lifPins(parameters, settings, codes, steps, () => pauses && random.integer(4) === 0);
}
