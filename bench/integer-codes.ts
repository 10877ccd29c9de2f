/** The fast integer simulator with the codes of its converters, which its kernels otherwise turn into sums at once. */
import { INTEGER_LINES } from "../src/kernels/integer-ops.ts";
import { standaloneKernels } from "../src/kernels/memory.ts";
import type { SimulationOps } from "../src/kernels/simulation-ops.ts";
import type { Stream } from "../src/numeric/stream.ts";
import type { Chip } from "../src/simulation/chip.ts";
import { CHUNK } from "../src/simulation/fast/crossbar-plan.ts";
import { placeErrors, readPart } from "../src/simulation/fast/part.ts";
import { planSimulator, type SimulatorOptions, simulatorBytes } from "../src/simulation/fast/plan.ts";
import { bindSimulator } from "../src/simulation/fast/simulate.ts";
import type { Trace, TraceOptions } from "../src/simulation/trace.ts";
import type { SpikeTrain } from "../src/spike/train.ts";

/** Codes of a crossbar's columns, `[vectors][columns]`; for a pair, the difference of two. */
export type CrossbarCodes = Int16Array;

export interface RecordingSimulator {
  /** Like `Simulator.run`, with the codes by crossbar. */
  run(input: SpikeTrain, options: TraceOptions): { readonly trace: Trace; readonly codes: readonly CrossbarCodes[] };
}

/** Words of the places added to those of a simulator, including alignment. */
const CODE_WORDS = (CHUNK * INTEGER_LINES) / 2;
const FACTOR_WORDS = INTEGER_LINES / 2;
const SPARE_BYTES = 256;

/**
 * Every conversion is done twice: as the simulator requests, and by the same kernel with factors of 1 and nothing to add to,
 * which gives codes.
 *
 * @param chip calibrated, in integers
 * Random   that of a run on `random`
 */
export function recordingSimulator(
  chip: Chip,
  random: Stream,
  options: Required<SimulatorOptions>,
): RecordingSimulator {
  const bytes = simulatorBytes(chip, options) + 4 * (CODE_WORDS + FACTOR_WORDS) + SPARE_BYTES;
  const { kernels, arena } = standaloneKernels(bytes);
  const plan = planSimulator(arena, chip, options);
  const [codesAt, ones] = [arena.words(CODE_WORDS), arena.words(FACTOR_WORDS)];
  kernels.write(ones, new Int16Array(INTEGER_LINES).fill(1));
  if (plan.integers === null) throw new Error("The chip is not in whole numbers.");
  const strips = new Map(
    [...plan.integers.layers.values()].flatMap((blocks) =>
      blocks.flatMap(({ block, strips }) => strips.map((strip) => [strip.matrix, { block, strip }] as const)),
    ),
  );
  const codes: CrossbarCodes[] = [];
  let [matrix, first] = [0, 0];
  const recording: SimulationOps = {
    ...kernels,
    tabulateIntegers: (of) => {
      matrix = of.matrix;
      kernels.tabulateIntegers(of);
    },
    integerCurrents: (of) => {
      first = of.first;
      kernels.integerCurrents(of);
    },
    convertIntegers: (of) => {
      const { block, strip } = strips.get(matrix)!;
      const { crossbar, columns } = block;
      const bare = { factors: ones, sums: null, offset: null, out: codesAt, outputs: INTEGER_LINES };
      kernels.convertIntegers({ ...of, ...bare });
      const found = kernels.integers(codesAt, of.vectors * INTEGER_LINES);
      for (let v = 0; v < of.vectors; v++) {
        const from = v * INTEGER_LINES;
        const row = found.subarray(from, from + strip.columns);
        codes[crossbar].set(row, (first + v) * columns + strip.column);
      }
      return kernels.convertIntegers(of);
    },
  };
  const bound = bindSimulator(recording, plan, chip);
  placeErrors(bound, chip);
  readPart(bound, chip, random);
  return {
    run: (input, traceOptions) => {
      const pass = bound.pass(0, input, random, traceOptions);
      for (;;) {
        const { done, value } = pass.next();
        if (done) return { trace: value, codes: codes.slice() };
        const vectors = (input.rows / chip.network.geometry.tokens) * input.steps * value.perPrompt;
        const { blocks } = chip.mapping.layers.find(({ name }) => name === value.layer)!;
        for (const { crossbar, columns } of blocks) codes[crossbar] = new Int16Array(vectors * columns);
      }
    },
  };
}
