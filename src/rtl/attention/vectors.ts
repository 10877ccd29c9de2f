/**
 * Runs of an engine with neurons, clock by clock: what enters, and what each pin must show. The clocks are those of the units' headers in
 * `hardware/attention/`; bits of A come from the functional unit.
 *
 *   attention_runs.hex     one line per run: steps
 *   attention_clocks.hex   one line per clock of a run: the bits of the inputs, the expected pins, and a bit for each pin that matters;
 *                          inputs that the engine does not take are all ones
 *
 * The first pin and the first input are in the low bits.
 */
import type { AttentionPart } from "../../experiment/by-attention.ts";
import { emptyTally } from "../../hardware/actions.ts";
import { runUnit } from "../../hardware/attention/catalogue.ts";
import type { ColumnCounters } from "../../hardware/attention/column-counters.ts";
import type { PairTile } from "../../hardware/attention/pair-tile.ts";
import type { HeadTrains } from "../../hardware/attention/unit.ts";
import type { Stream } from "../../numeric/stream.ts";
import { type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import type { SourceFiles } from "../design.ts";
import { shownAt, windowAt } from "../passes.ts";
import { randomTrain } from "../simulated-run.ts";
import type { Port } from "../syntax.ts";
import { columnBits, hexLine } from "../testbench.ts";
import { clocksOfStep } from "./column-counters.ts";
import type { AttentionDesign } from "./design.ts";

/** Heads of one block and prompt. */
export type AttentionRun = readonly (HeadTrains & { readonly output: SpikeTrain })[];

/** Values of some ports in a clock, by name; ports that are not named do not matter. */
type Pins = Readonly<Record<string, number | Uint8Array>>;
interface Clock {
  readonly inputs: Pins;
  readonly pins: Pins;
}

/** One run of all heads, as the functional unit computes it. */
export const attentionRun = ({ unit }: AttentionDesign, heads: readonly HeadTrains[]): AttentionRun =>
  heads.map((head) => ({ ...head, output: runUnit(unit, head, emptyTally()) }));

/** A run of random spikes, of many densities. Random: spikes, from forks of `random`. */
export function randomAttentionRun(design: AttentionDesign, steps: number, random: Stream): AttentionRun {
  const { tokens, dimension } = design.unit;
  const heads = Array.from({ length: design.heads }, (_, head) =>
    Object.fromEntries(
      design.parts.map((part) => [part, randomTrain(steps, tokens, dimension, random.fork(part, head))]),
    ),
  );
  return attentionRun(design, heads);
}

/** Ports of the engine apart from clock, reset, start and steps: in and out. */
export function portsOf({ modules }: AttentionDesign): {
  readonly inputs: readonly Port[];
  readonly pins: readonly Port[];
} {
  const { ports } = modules[modules.length - 1];
  const common = new Set(["clk_i", "rst_ni", "start_i", "steps_i"]);
  return {
    inputs: ports.filter(({ name, direction }) => direction === "input" && !common.has(name)),
    pins: ports.filter(({ direction }) => direction === "output"),
  };
}

const stepsOf = (run: AttentionRun): number => run[0].output.steps;

/** The clocks of a run, with the one after the last in which the engine is busy: the last bits leave in it. */
export function clocksOf({ unit }: AttentionDesign, run: AttentionRun): Clock[] {
  return unit.unit === "pair-tile" ? tileClocks(unit, run) : columnClocks(unit, run);
}

/** A part of all heads. */
const trains = (run: AttentionRun, part: AttentionPart | "output"): SpikeTrain[] =>
  run.map((head) => head[part] as SpikeTrain);

function tileClocks(unit: PairTile, run: AttentionRun): Clock[] {
  const { dimension, plan, clocks } = unit;
  const [steps, { tileTokens, passes }] = [stepsOf(run), plan];
  const busy = steps * clocks.step + clocks.drain;
  const isBlockwise = passes.length > 1;
  const column = (part: AttentionPart | "output", step: number, feature: number, block: number) =>
    columnBits(trains(run, part), step, feature, block, tileTokens);
  return Array.from({ length: busy + 1 }, (_, clock): Clock => {
    const feature = clock % dimension;
    const entering = windowAt(plan, steps, Math.floor(clock / dimension));
    const shown = shownAt(unit, steps, clock);
    const { queryBlock = 0, keyBlock = 0 } = entering?.pass ?? {};
    return {
      inputs: entering
        ? {
            query_i: column("query", entering.step, feature, queryBlock),
            key_i: column("key", entering.step, feature, keyBlock),
            value_i: column("value", entering.step, feature, keyBlock),
          }
        : {},
      pins: {
        busy_o: Number(clock < busy),
        take_o: Number(entering !== null),
        valid_o: Number(shown !== null),
        ...(isBlockwise && entering ? { pass_o: passes.indexOf(entering.pass) } : {}),
        ...(isBlockwise && shown ? { block_o: shown.pass.queryBlock } : {}),
        ...(shown ? { spike_o: column("output", shown.step, shown.feature, shown.pass.queryBlock) } : {}),
      },
    };
  });
}

function columnClocks(unit: ColumnCounters, run: AttentionRun): Clock[] {
  const { dimension, clocks, counted, gated } = unit;
  const [steps, step] = [stepsOf(run), clocksOfStep(unit)];
  const busy = steps * clocks.step + clocks.drain;
  const vector = (part: AttentionPart | "output", t: number, token: number) =>
    vectorBits(trains(run, part), t, token, dimension);
  /** What is counted and served in a clock; the first row is counted in the last clocks of a step before the first. */
  const at = (clock: number) => {
    const since = clock - clocks.first;
    const t = Math.floor(since / step.length);
    const now = step[since - t * step.length];
    const [forStep, works] = [t + Number(now.next), clock >= 0 && clock < busy];
    const counts = works && now.counted !== null && forStep >= 0 && forStep < steps;
    const serves = works && now.served !== null && t >= 0;
    return {
      counted: counts ? { t: forStep, token: now.counted as number } : null,
      served: serves ? { t, token: now.served as number } : null,
    };
  };
  return Array.from({ length: busy + 1 }, (_, clock): Clock => {
    const [now, { served: left }] = [at(clock), at(clock - 1)];
    return {
      inputs: {
        ...Object.fromEntries(
          now.counted ? counted.map((part) => [`${part}_i`, vector(part, now.counted!.t, now.counted!.token)]) : [],
        ),
        ...(now.served ? { [`${gated}_i`]: vector(gated, now.served.t, now.served.token) } : {}),
      },
      pins: {
        busy_o: Number(clock < busy),
        count_o: Number(now.counted !== null),
        ...(now.counted ? { count_token_o: now.counted.token, count_step_o: now.counted.t } : {}),
        gate_o: Number(now.served !== null),
        ...(now.served ? { gate_token_o: now.served.token, gate_step_o: now.served.t } : {}),
        valid_o: Number(left !== null),
        ...(left
          ? {
              token_o: left.token,
              step_o: left.t,
              last_o: Number((clock - clocks.drain) % step.length === 0),
              spike_o: vector("output", left.t, left.token),
            }
          : {}),
      },
    };
  });
}

/** All features of a token, head after head. */
export function vectorBits(of: readonly SpikeTrain[], t: number, token: number, dimension: number): Uint8Array {
  const bits = new Uint8Array(of.length * dimension);
  of.forEach(({ rows, words }, head) => {
    const at = (t * rows + token) * wordsPerRow(dimension);
    for (let c = 0; c < dimension; c++) bits[head * dimension + c] = (words[at + (c >> 5)] >>> (c & 31)) & 1;
  });
  return bits;
}

export const [RUN_FILE, CLOCK_FILE] = ["attention_runs.hex", "attention_clocks.hex"];

export interface AttentionVectorSizes {
  readonly runs: number;
  readonly clocks: number;
}

export function attentionVectorFiles(
  design: AttentionDesign,
  runs: readonly AttentionRun[],
): { readonly files: SourceFiles; readonly sizes: AttentionVectorSizes } {
  const { inputs, pins } = portsOf(design);
  const lines: string[] = [];
  for (const run of runs) {
    for (const clock of clocksOf(design, run)) {
      const entering = bitsOf(inputs, clock.inputs);
      const shown = bitsOf(pins, clock.pins);
      // What the engine does not take is 1; a pin that does not matter is expected as anything.
      const noise = entering.bits.map((bit, n) => (entering.named[n] ? bit : 1));
      lines.push(hexLine([...noise, ...shown.bits, ...shown.named]));
    }
  }
  const steps = runs.map((run) => stepsOf(run).toString(16).padStart(2, "0"));
  return {
    files: { [RUN_FILE]: `${steps.join("\n")}\n`, [CLOCK_FILE]: `${lines.join("\n")}\n` },
    sizes: { runs: runs.length, clocks: lines.length },
  };
}

/** The bits of ports side by side, and which of them have a value. */
function bitsOf(ports: readonly Port[], values: Pins): { readonly bits: number[]; readonly named: number[] } {
  const [bits, named]: number[][] = [[], []];
  for (const { name, width } of ports) {
    const value = values[name];
    for (let n = 0; n < width; n++) {
      bits.push(value === undefined ? 0 : typeof value === "number" ? (value >> n) & 1 : value[n]);
      named.push(value === undefined ? 0 : 1);
    }
  }
  return { bits, named };
}
