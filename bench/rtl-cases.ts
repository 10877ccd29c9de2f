/** The settings of `rtl-check.ts`: engines, and the runs to check them with, generated one by one. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { networkFile } from "xpikeformer/node";
import { CALIBRATION_PROMPTS } from "../src/evaluation/calibration-prompts.ts";
import type { DrawKind } from "../src/experiment/attention.ts";
import { ssaSpec } from "../src/experiment/hardware.ts";
import { requireTransformer } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { symbolDetectionSpec } from "../src/experiment/task.ts";
import { ssaParameters } from "../src/hardware/ssa-parameters.ts";
import { ssaTileCycles } from "../src/hardware/ssa-tile.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { decodeCheckpoint } from "../src/model/checkpoint.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { stream } from "../src/numeric/stream.ts";
import { type SsaDesign, ssaDesign } from "../src/rtl/design.ts";
import { chipDesign, streamNetworkRuns } from "../src/rtl/network-vectors.ts";
import { randomRun, simulatedRun, splitHeads } from "../src/rtl/simulated-run.ts";
import type { EngineRun } from "../src/rtl/testbench.ts";
import { asDescribed } from "../src/runs/fit.ts";
import { programChip } from "../src/simulation/chip.ts";
import { calibrateFast } from "../src/simulation/fast/simulate.ts";
import { emptySpikeTrain, type SpikeTrain } from "../src/spike/train.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { tokenGeometry } from "../src/task/tokens.ts";

export interface CheckCase {
  /** Everything that the runs depend on. */
  readonly name: string;
  readonly design: SsaDesign;
  readonly runs: () => Generator<EngineRun>;
}

export type MaskName = "none" | "causal" | "network";

export interface RandomChoice {
  readonly tokens: readonly number[];
  readonly dimensions: readonly number[];
  /** Tokens per tile; null: all tokens. */
  readonly tileTokens: number | null;
  readonly masks: readonly MaskName[];
  readonly draws: readonly DrawKind[];
  /** Gains of scores and of outputs. */
  readonly gain: number;
  /** Windows of each setting; the last run is truncated. */
  readonly windows: number;
  /** Steps of the longest run. */
  readonly longest: number;
  readonly seed: number;
}

/** Single-head engines, in every combination. Random: `stream(seed).fork("random", run)`, the same spikes for every mask. */
export function randomCases(choice: RandomChoice): CheckCase[] {
  const { windows, longest, seed, gain, tileTokens } = choice;
  const settings = choice.tokens.flatMap((tokens) =>
    choice.dimensions.flatMap((dimension) =>
      choice.masks.flatMap((mask) => choice.draws.map((draws) => ({ tokens, dimension, mask, draws }))),
    ),
  );
  return settings.map(({ tokens, dimension, mask, draws }) => {
    const design = oneHead(tokens, dimension, maskOf(mask, tokens), draws, gain, tileTokens);
    return {
      name: `random, N = ${tokens}${tileTokens === null ? "" : ` in tiles of ${tileTokens}`}, d = ${dimension}, mask ${mask}, ${draws}, gains ${gain}, ${windows} windows of up to ${longest}, seed ${seed}`,
      design,
      runs: function* () {
        const root = stream(seed);
        for (let [run, rest] = [0, windows]; rest > 0; run++) {
          const next = randomRun(design, Math.min(longest, rest), root.fork("random", run));
          rest -= next.heads[0].query.steps;
          yield next;
        }
      },
    };
  });
}

const oneHead = (
  tokens: number,
  dimension: number,
  mask: Uint8Array,
  draws: DrawKind,
  gain: number,
  tileTokens: number | null = null,
): SsaDesign =>
  ssaDesign(
    ssaParameters(ssaSpec.parse({ random: "lfsr", tileTokens }), {
      tokens,
      dimension,
      mask,
      scoreGain: gain,
      valueGain: gain,
      draws,
    }),
    1,
  );

/** `network` is the mask of the bundled networks, in which later tokens attend to odd tokens, cut to N tokens. */
function maskOf(name: MaskName, tokens: number): Uint8Array {
  const pilots = Math.ceil(tokens / 2);
  const { mask, tokens: all } = tokenGeometry(symbolDetectionSpec.parse({ tokens: "query-context", pilots })).spiking;
  return Uint8Array.from({ length: tokens ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / tokens), at % tokens];
    if (name === "network") return mask[i * all + j];
    return name === "none" || j <= i ? 1 : 0;
  });
}

/** Tokens and features of the exhaustive check: Q, K and V have 8 bits each. */
const [TOKENS, DIMENSION] = [2, 4];
export const ALL_INPUTS = 2 ** (3 * TOKENS * DIMENSION);
/** Odd, so that its multiples modulo 2^24 pass through all inputs, with neighbours far apart. */
const STRIDE = 0x9e3779;

/** Every Q, K and V once, in runs of `steps` windows. Random: seeds from `stream(seed).fork("exhaustive", run)`. */
export function exhaustiveCases(choice: {
  readonly draws: readonly DrawKind[];
  readonly steps: number;
  readonly seed: number;
}): CheckCase[] {
  const { steps, seed } = choice;
  return choice.draws.map((draws) => {
    const design = oneHead(TOKENS, DIMENSION, maskOf("none", TOKENS), draws, 1);
    return {
      name: `exhaustive, N = ${TOKENS}, d = ${DIMENSION}, ${draws}, runs of ${steps}, seed ${seed}`,
      design,
      runs: function* () {
        const root = stream(seed);
        for (let first = 0; first < ALL_INPUTS; first += steps) {
          const count = Math.min(steps, ALL_INPUTS - first);
          const train = () => emptySpikeTrain(count, TOKENS, DIMENSION);
          const [query, key, value] = [train(), train(), train()];
          for (let t = 0; t < count; t++) {
            const input = Math.imul(first + t, STRIDE) & (ALL_INPUTS - 1);
            [query, key, value].forEach(({ words }, n) => {
              for (let i = 0; i < TOKENS; i++) words[t * TOKENS + i] = (input >>> (8 * n + 4 * i)) & 15;
            });
          }
          yield simulatedRun(design, [{ query, key, value }], root.fork("exhaustive", first / steps));
        }
      },
    };
  });
}

/** Prompts simulated at a time. */
const SLICE = 32;

/**
 * The inputs of a trained network's tiles on the experiment's task, with another number of pilots.
 *
 * Random   as `xpike rtl`: chip 0, its first evaluation prompts
 */
export function networkCase(choice: {
  /** The experiment's file. */
  readonly source: string;
  readonly pilots: number;
  /** Minimum number of busy clocks. */
  readonly clocks: number;
  /** Heads one after another on a single-tile engine, which compiles faster; not if heads share registers. */
  readonly isSplit: boolean;
  readonly seed: number;
}): CheckCase {
  const { source, pilots, clocks, isSplit, seed } = choice;
  const document = JSON.parse(readFileSync(source, "utf8"));
  const experiment = parseExperiment({ ...document, task: { ...document.task, pilots } }, source);
  const checkpoint = experiment.checkpoints.network;
  if (checkpoint === undefined) throw new Error(`${source} names no trained network in checkpoints.network.`);
  const file = networkFile(checkpoint, dirname(source));
  const trained = asDescribed(experiment, decodeCheckpoint(readFileSync(file), file).network, []);
  const task = createTask({ task: experiment.task, model: trained.model });
  const network = foldNetwork({
    ...trained,
    geometry: networkGeometry({ task: experiment.task, model: trained.model }, task),
  });
  const hardware = { ...experiment.hardware, ssa: { ...experiment.hardware.ssa, random: "lfsr" as const } };
  const root = stream(seed);
  const random = root.fork("chip", 0);
  const draw = (prompts: number, purpose: string, firstPrompt: number) =>
    task.draw(prompts, root.fork(purpose), { firstPrompt, values: false }).spikes as SpikeTrain;
  const blank = programChip(network, mapNetwork(network, hardware, experiment.task.coding), hardware, random);
  const chip = calibrateFast(blank, draw(CALIBRATION_PROMPTS, "calibration", 0), random.fork("calibration"));
  const whole = chipDesign(chip);
  const design = isSplit ? ssaDesign(whole.parameters, 1) : whole;
  const { heads, depth, steps } = requireTransformer(network.model, "A case");
  const { tokens, dimension } = design.parameters;
  const runsPerPrompt = depth * (heads / design.heads);
  const prompts = Math.ceil(clocks / (runsPerPrompt * ssaTileCycles(steps, dimension)));
  return {
    name:
      `network, ${experiment.name}, ${pilots} pilots: N = ${tokens}, d = ${dimension}, T = ${steps}, ${heads} heads${isSplit ? " in turn" : ""}, ` +
      `${prompts} prompts, seed ${seed}`,
    design,
    runs: function* () {
      const slices = function* () {
        for (let first = 0; first < prompts; first += SLICE) {
          yield draw(Math.min(SLICE, prompts - first), "evaluation", first);
        }
      };
      for (const run of streamNetworkRuns(chip, slices(), random.fork("run")))
        yield* splitHeads(run, design.parameters, design.heads);
    },
  };
}
