/**
 * A pass of a chip over the graph of its network, operation by operation, and the trace of it. A backend computes: arrays of numbers
 * (`reference/backend.ts`), or kernels (`fast/backend.ts`), which give the same trace bit for bit.
 *
 * All time steps of an operation are computed before the next operation. This changes no value, because step t of each operation depends
 * only on steps up to t of the previous one.
 */
import { invariant } from "../errors.ts";
import { type ActionTally, emptyTally } from "../hardware/actions.ts";
import { readClocks } from "../mapping/clocks.ts";
import type { LayerMapping } from "../mapping/mapping.ts";
import { type AttentionOperation, besideAttention } from "../model/attention/operation.ts";
import type { WindowsOperation } from "../model/convolution.ts";
import { tokensRead } from "../model/geometry.ts";
import { INPUT, readersOf } from "../model/graph.ts";
import type { LinearOperation } from "../model/linear.ts";
import type { PoolOperation } from "../model/max-pool.ts";
import type { NeuronsOperation } from "../model/neuron/operation.ts";
import type { Operation, OperationKind } from "../model/operations.ts";
import type { PositionOperation } from "../model/position.ts";
import type { AddOperation, SumOperation, TokenMeanOperation } from "../model/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { MappedNetwork } from "./chip.ts";
import { type ColumnPlan, columnPlan } from "./columns.ts";
import { attentionBits, neuronBits } from "./counts.ts";
import { type Entry, type Flow, type LinesRead, openLedger } from "./flow.ts";
import { registerTally } from "./registers.ts";
import { meanOverTokens, type SpikeCount, type Trace, traceOf } from "./trace.ts";

/** A linear layer reached by a pass. */
export interface LayerInput {
  readonly layer: string;
  /** Vectors per prompt. */
  readonly perPrompt: number;
}

/** What neurons fired with, and how many of their membranes saturated. */
export interface Fired {
  readonly actions: ActionTally;
  readonly saturated: number;
}

/** What an operation counted; null where there is none, because a machine has no attention units. */
export interface AttentionCounts {
  readonly actions: ActionTally;
  readonly cycles: number;
}

export interface Attended {
  readonly counts: AttentionCounts | null;
  /** Ones in S, over all cells of all heads; of no bits for units other than SSA tiles. */
  readonly scores: SpikeCount;
}

/**
 * Computes an operation, for all steps and prompts, from the values that it reads. Operations of the adders behind a layer return how many
 * numbers saturated in the register of the stream.
 */
export interface Backend {
  /** Ones of a train. */
  ones(value: string): number;
  /** The rows of the first prompts. */
  train(value: string, prompts: number): SpikeTrain;
  windows(operation: WindowsOperation): void;
  pool(operation: PoolOperation): void;
  mean(operation: TokenMeanOperation): void;
  addPositions(operation: PositionOperation): number;
  add(operation: AddOperation): number;
  sum(operation: SumOperation): number;
  /** Whole numbers as the spikes of their reads. */
  unfold(value: string, reads: number): void;
  /** Spikes as the numbers that neurons read. */
  drive(operation: NeuronsOperation): number;
  hold(value: string): number;
  /** What the crossbars of a layer read, and then its sums: numbers, or charges of columns without converters. */
  gather(layer: LayerMapping): void;
  linear(layer: LayerMapping, value: string): { readonly actions: ActionTally; readonly clipped: number };
  fire(operation: NeuronsOperation): Fired;
  /** Neurons in columns without converters. */
  decide(operation: NeuronsOperation, plan: ColumnPlan): Fired;
  /** @param block place of the operation among those of its kind */
  attend(operation: AttentionOperation, block: number): Attended;
  /** Outputs of the head, in the unit of weights, and how many saturated. */
  outputs(value: string, count: number): { readonly values: Float32Array; readonly stopped: number };
}

export interface PassInput {
  readonly steps: number;
  readonly prompts: number;
  /** Prompts whose trains are kept. */
  readonly rasters: number;
}

/** Of every kind but linear layers, which wait. */
type Kinds = {
  readonly [K in Exclude<OperationKind, "linear">]: (operation: Extract<Operation, { kind: K }>) => void;
};

/** Of kinds that no chip has: `mapNetwork` refuses such networks. */
const unmapped = ({ kind }: Operation): void => invariant(false, `a chip has no ${kind}`);

/** Stops before each linear layer, whose crossbars must be ready before the pass continues. */
export function* runPass(
  chip: MappedNetwork,
  flow: Flow,
  backend: Backend,
  { steps, prompts, rasters: kept }: PassInput,
): Generator<LayerInput, Trace> {
  const { hardware } = chip;
  const { graph, layers, served, isBits } = flow;
  const images = steps * prompts;
  const ledger = openLedger(flow, images);
  const { onStopped, countMembranes, ...registers } = registerTally(hardware.arithmetic);
  const spikes: Record<string, SpikeCount> = {};
  const rasters: Record<string, SpikeTrain> = {};
  let stepLogits: Float32Array = new Float32Array(0);

  const sizeOf = (value: string) => images * flow.sizeOf(value);
  function keep(value: string) {
    spikes[value] = { ones: backend.ones(value), bits: sizeOf(value) * (flow.unfolded.get(value) ?? 1) };
    if (kept > 0) rasters[value] = backend.train(value, kept);
  }
  const countStream = (entry: Entry, value: string, stopped: number) =>
    onStopped("stream", entry.name, stopped, sizeOf(value));
  function hold(entry: Entry, value: string) {
    if (flow.held.has(value)) countStream(entry, value, backend.hold(value));
  }
  function unfold(value: string) {
    const reads = flow.unfolded.get(value);
    if (reads === undefined || flow.isTrain(value)) return;
    backend.unfold(value, reads);
    keep(value);
  }
  const bitsSent = (count: () => number) => (hardware.transport.code === "bits" ? 0 : count());

  function* linear({ name, writes }: LinearOperation): Generator<LayerInput, void> {
    const { layer, rows: perPrompt } = layers.get(name) as LinesRead;
    backend.gather(layer);
    yield { layer: name, perPrompt };
    const cycles = images * perPrompt * readClocks(layer, hardware);
    hold(ledger.push({ name, kind: "linear", cycles, ...backend.linear(layer, writes) }, writes), writes);
  }
  const kinds: Kinds = {
    windows: (operation) => {
      backend.windows(operation);
      keep(operation.writes);
    },
    "batch-normalisation": unmapped,
    "layer-normalisation": unmapped,
    rounding: unmapped,
    position: (operation) => countStream(ledger.follow(operation), operation.writes, backend.addPositions(operation)),
    neurons: (operation) => {
      const { name, reads, writes } = operation;
      const layer = flow.behind.get(name);
      const plan = layer ? columnPlan(chip, layer) : null;
      if (isBits(reads[0])) countStream(ledger.entryOf(reads[0]), reads[0], backend.drive(operation));
      const { actions, saturated } = plan ? backend.decide(operation, plan) : backend.fire(operation);
      if (plan) countMembranes(name, saturated, sizeOf(writes));
      else onStopped("membrane", name, saturated, sizeOf(writes));
      actions.bitsSent += bitsSent(() => neuronBits(hardware, flow, name, backend.train(writes, prompts)));
      ledger.push({ name, kind: "neurons", actions });
      keep(writes);
    },
    activation: unmapped,
    attention: (operation) => {
      const { name, reads, writes } = operation;
      const block = served.findIndex((one) => one.operation === operation);
      const { counts, scores } = backend.attend(operation, block);
      if (counts !== null) {
        const [qkv, output] = [reads[0], writes];
        counts.actions.bitsSent += bitsSent(() =>
          attentionBits(hardware, served[block], backend.train(qkv, prompts), backend.train(output, prompts)),
        );
        ledger.push({ name, kind: "attention", ...counts });
      }
      spikes[besideAttention(name, "scores")] = scores;
      keep(writes);
    },
    pool: (operation) => {
      const { writes } = operation;
      backend.pool(operation);
      if (!isBits(writes)) hold(ledger.follow(operation), writes);
      else if (readersOf(graph, writes).some(({ kind }) => kind !== "windows")) keep(writes);
    },
    sum: (operation) => countStream(ledger.follow(operation), operation.writes, backend.sum(operation)),
    add: (operation) => countStream(ledger.follow(operation), operation.writes, backend.add(operation)),
    "token-mean": (operation) => {
      const { name, reads, writes } = operation;
      backend.mean(operation);
      const actions = { ...emptyTally(), residualAdditions: sizeOf(reads[0]) };
      ledger.push({ name, kind: "residual", actions }, writes);
    },
    "read-out": ({ reads: [read], ...answers }) => {
      const count = images * tokensRead(answers.geometry).length * answers.columns;
      const { values, stopped } = backend.outputs(read, count);
      onStopped("logit", ledger.entryOf(read).name, stopped, count);
      stepLogits = meanOverTokens(values, answers);
    },
  };

  keep(INPUT);
  for (const operation of graph.operations) {
    if (operation.kind === "linear") yield* linear(operation);
    else (kinds[operation.kind] as (operation: Operation) => void)(operation);
    unfold(operation.writes);
  }
  return traceOf({ steps, prompts, stepLogits, operations: ledger.operations, spikes, rasters, ...registers });
}

/** Runs a pass with all crossbars ready. */
export function finish(pass: Generator<LayerInput, Trace>): Trace {
  for (;;) {
    const { done, value } = pass.next();
    if (done) return value;
  }
}
