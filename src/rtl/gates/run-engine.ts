/**
 * Runs the gates of the engine on the stimuli of its testbench (`testbench.ts`), 32 runs of the engine at a time, each with its
 * own seeds, spikes and number of steps.
 *
 * A column enters when the cycle model says that the engine takes it, and `take_o`, `valid_o` and `busy_o` are compared with
 * the model's schedule at every clock: T steps of P passes keep the engine busy for (P T + 1) d clocks, and outputs follow
 * their inputs by d + 1 clocks. When an engine takes nothing, its inputs are ones.
 */
import { ssaTileCycles } from "../../hardware/ssa-tile.ts";
import type { Stream } from "../../numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import { type SsaDesign, seedBits } from "../design.ts";
import { shownAt, windowAt } from "../passes.ts";
import { STEP_BITS } from "../ssa-engine.ts";
import type { EngineRun } from "../testbench.ts";
import { type GateNetlist, portNets } from "./netlist.ts";
import { type GateSimulation, simulateGates } from "./simulate.ts";

/** The stimulus of one engine run. */
export type EngineInput = {
  readonly heads: readonly Pick<EngineRun["heads"][number], "query" | "key" | "value">[];
  readonly seeds: Uint32Array;
};

export interface EngineOutput {
  /** By head, `[T][N][d]`. */
  readonly outputs: readonly SpikeTrain[];
  /** Number of clocks at which `take_o`, `valid_o` or `busy_o` differed from the cycle model. */
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
  const width = design.heads * design.parameters.plan.tileTokens;
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
  { parameters, heads }: SsaDesign,
  batch: readonly EngineInput[],
): EngineOutput[] {
  const { tokens, dimension, plan } = parameters;
  const { tileTokens } = plan;
  const cycles = (of: number) => ssaTileCycles(of, dimension, plan.passes.length);
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
  for (let c = 0; c <= cycles(longest); c++) {
    const feature = c % dimension;
    const entering = steps.map((of) => windowAt(plan, of, Math.floor(c / dimension)));
    for (const which of ["query", "key", "value"] as const) {
      setBits(ports[which], (run, n) => {
        const window = entering[run];
        if (!window) return 1;
        const { queryBlock, keyBlock } = window.pass;
        const token = (which === "query" ? queryBlock : keyBlock) * tileTokens + (n % tileTokens);
        const train = batch[run].heads[Math.floor(n / tileTokens)][which];
        return token < tokens ? spikeAt(train, window.step, token, feature) : 0;
      });
    }
    settle();
    const [take, valid, busy] = [get(ports.take), get(ports.valid), get(ports.busy)];
    const spikes = ports.spike.map(get);
    for (let run = 0; run < batch.length; run++) {
      const shown = shownAt(parameters, steps[run], c);
      const expected = [entering[run] !== null, shown !== null, c < cycles(steps[run])];
      if ([take, valid, busy].some((word, n) => (word >>> run) % 2 !== Number(expected[n]))) wrongClocks[run]++;
      if (!shown) continue;
      spikes.forEach((word, n) => {
        const token = shown.pass.queryBlock * tileTokens + (n % tileTokens);
        if ((word >>> run) & 1 && token < tokens)
          setSpike(outputs[run][Math.floor(n / tileTokens)], shown.step, token, shown.feature);
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
