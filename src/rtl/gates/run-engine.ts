/**
 * Runs the engine's gates on what its testbench would give it (`testbench.ts`): 32 runs of the engine at a time, each with its own
 * seeds, spikes and number of steps.
 *
 * A column enters where the cycle model says that the engine takes it, and `take_o`, `valid_o` and `busy_o` are compared with the
 * model's schedule at every clock: T steps keep the engine busy for (T + 1) d clocks, and outputs come d + 1 clocks after their
 * inputs. Where an engine takes nothing it sees ones.
 */
import { ssaTileCycles } from "../../hardware/ssa-tile.ts";
import type { Stream } from "../../numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import { type SsaDesign, seedBits } from "../design.ts";
import { STEP_BITS } from "../ssa-engine.ts";
import type { EngineRun } from "../testbench.ts";
import { type GateNetlist, portNets } from "./netlist.ts";
import { type GateSimulation, simulateGates } from "./simulate.ts";

/** What goes into a run of the engine. */
export type EngineInput = {
  readonly heads: readonly Pick<EngineRun["heads"][number], "query" | "key" | "value">[];
  readonly seeds: Uint32Array;
};

export interface EngineOutput {
  /** By head, `[T][N][d]`. */
  readonly outputs: readonly SpikeTrain[];
  /** Clocks at which `take_o`, `valid_o` or `busy_o` was not as the cycle model says. */
  readonly wrongClocks: number;
}

const RUNS = 32;

/**
 * Shapes   query, key, value of every head: [T][N][d]
 * Random   flip-flops before the reset, from `powerUp`
 * Throws   FileError when the netlist is not of this design
 */
export function runEngineGates(
  netlist: GateNetlist,
  design: SsaDesign,
  inputs: readonly EngineInput[],
  powerUp: Stream,
): EngineOutput[] {
  const ports = enginePorts(netlist, design);
  const simulation = simulateGates(netlist);
  const results: EngineOutput[] = [];
  for (let first = 0; first < inputs.length; first += RUNS) {
    const batch = inputs.slice(first, first + RUNS);
    simulation.powerUp(powerUp.fork("batch", first));
    results.push(...runBatch(simulation, ports, design, batch));
  }
  return results;
}

function enginePorts(netlist: GateNetlist, design: SsaDesign) {
  const width = design.heads * design.parameters.tokens;
  const input = (name: string, bits = 1) => portNets(netlist, "input", name, bits);
  const output = (name: string, bits = 1) => portNets(netlist, "output", name, bits);
  input("clk_i");
  return {
    reset: input("rst_ni")[0],
    start: input("start_i")[0],
    steps: input("steps_i", STEP_BITS),
    seed: input("seed_i", seedBits(design)),
    query: input("query_i", width),
    key: input("key_i", width),
    value: input("value_i", width),
    busy: output("busy_o")[0],
    take: output("take_o")[0],
    valid: output("valid_o")[0],
    spike: output("spike_o", width),
  };
}

function runBatch(
  { set, get, settle, clock }: GateSimulation,
  ports: ReturnType<typeof enginePorts>,
  { parameters: { tokens, dimension }, heads }: SsaDesign,
  batch: readonly EngineInput[],
): EngineOutput[] {
  const steps = batch.map(({ heads }) => heads[0].query.steps);
  const outputs = steps.map((of) => Array.from({ length: heads }, () => emptySpikeTrain(of, tokens, dimension)));
  const wrongClocks = new Int32Array(batch.length);
  const setBits = (nets: readonly number[], bitOf: (run: number, n: number) => number) => {
    nets.forEach((net, n) => {
      let word = 0;
      for (let run = 0; run < batch.length; run++) word |= bitOf(run, n) << run;
      set(net, word);
    });
  };
  const edge = () => {
    settle();
    clock();
  };

  for (const net of [ports.reset, ports.start, ...ports.query, ...ports.key, ...ports.value]) set(net, 0);
  setBits(ports.steps, (run, n) => (steps[run] >>> n) & 1);
  setBits(ports.seed, (run, n) => (batch[run].seeds[n >> 5] >>> (n & 31)) & 1);
  edge();
  set(ports.reset, -1);
  edge();
  set(ports.start, -1);
  edge();
  set(ports.start, 0);

  const longest = Math.max(...steps);
  for (let c = 0; c <= ssaTileCycles(longest, dimension); c++) {
    const [step, feature] = [Math.floor(c / dimension), c % dimension];
    for (const which of ["query", "key", "value"] as const) {
      setBits(ports[which], (run, n) =>
        step >= steps[run] ? 1 : spikeAt(batch[run].heads[Math.floor(n / tokens)][which], step, n % tokens, feature),
      );
    }
    settle();
    const [take, valid, busy] = [get(ports.take), get(ports.valid), get(ports.busy)];
    const spikes = ports.spike.map(get);
    // One clock after feature f of window t + 1 was computed, at clock d (t + 1) + f, it shows.
    const shown = c - dimension - 1;
    for (let run = 0; run < batch.length; run++) {
      const shows = shown >= 0 && shown < steps[run] * dimension;
      const expected = [step < steps[run], shows, c < ssaTileCycles(steps[run], dimension)];
      if ([take, valid, busy].some((word, n) => (word >>> run) % 2 !== Number(expected[n]))) wrongClocks[run]++;
      if (!shows) continue;
      const [t, f] = [Math.floor(shown / dimension), shown % dimension];
      spikes.forEach((word, n) => {
        if ((word >>> run) & 1) setSpike(outputs[run][Math.floor(n / tokens)], t, n % tokens, f);
      });
    }
    clock();
  }
  return outputs.map((of, run) => ({ outputs: of, wrongClocks: wrongClocks[run] }));
}

const wordAt = ({ rows, features }: SpikeTrain, step: number, token: number, feature: number): number =>
  (step * rows + token) * wordsPerRow(features) + (feature >> 5);

const spikeAt = (train: SpikeTrain, step: number, token: number, feature: number): number =>
  (train.words[wordAt(train, step, token, feature)] >>> (feature & 31)) & 1;

function setSpike(train: SpikeTrain, step: number, token: number, feature: number): void {
  train.words[wordAt(train, step, token, feature)] |= 1 << (feature & 31);
}
