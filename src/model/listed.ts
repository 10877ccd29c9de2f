/**
 * The graph of a model that lists its operations (`experiment/operations.ts`).
 *
 * A linear layer or convolution gets the model's BatchNorm, and its inputs follow from what it reads; neurons and attention are the
 * model's. An operation's name leads to its parameters, and for neurons and attention to its spikes in a trace. Attention sees the
 * task's mask, or, on a map, all pixels. Layers and attention read spikes, and neurons read currents.
 */
import { SpecError } from "../errors.ts";
import { ATTENTION_PARTS } from "../experiment/by-attention.ts";
import type { GraphSpec } from "../experiment/model.ts";
import type { OperationSpec } from "../experiment/operations.ts";
import { type SpikingCollector, spikingCollector } from "./collector.ts";
import { answerGeometry, fullMask, type Geometry, type Grid, MOST_TOKENS } from "./geometry.ts";
import { INPUT, requireFlow } from "./graph.ts";
import { BITS, inputShape, largestOf, type Value } from "./operation.ts";
import { type Operation, operationKit } from "./operations.ts";
import { logitsOf } from "./read-out.ts";
import { planConvolution, planPool } from "./stem.ts";

type Kind = OperationSpec["kind"];
type Listed<K extends Kind = Kind> = Extract<OperationSpec, { kind: K }>;

/** What the operations of a list are made with. */
interface Making {
  readonly model: GraphSpec;
  readonly geometry: Geometry;
  readonly collector: SpikingCollector;
}

/** Adds the operations of a listed one, and returns the name of what they write. */
type Maker<K extends Kind> = (listed: Listed<K>, reads: readonly Value[], making: Making) => string;

const MAKERS: { readonly [K in Kind]: Maker<K> } = {
  linear({ name, features, gain }, [from], { collector }) {
    return collector.linear(name, from.features, features, from.name, gain);
  },
  convolution(listed, [from], { collector }) {
    const { name, gain } = listed;
    const size = planConvolution(name, gridOf(listed, from), from.features, listed);
    const windows = `${name}.windows`;
    collector.add({ kind: "windows", name: windows, writes: windows, size }, from.name);
    return collector.linear(name, size.inputs, size.outputs, windows, gain);
  },
  neurons: ({ name }, [from], { collector }) => collector.fire(name, from.name),
  attention(listed, [from], { model, geometry, collector }) {
    const { name, heads, attention = model.attention } = listed;
    const parts = ATTENTION_PARTS[attention.kind];
    const width = from.features / parts.length;
    if (width % heads !== 0 || width % 8 !== 0) {
      refuse(
        listed,
        `reads ${from.features} features of ${from.name}, ${parts.join(", ")} next to each other: ${from.features} / ${parts.length} = ` +
          `${Number(width.toFixed(3))} of each, which must be a multiple of 8 and of its ${heads} heads. Change features or heads`,
      );
    }
    if (from.rows > MOST_TOKENS) {
      refuse(
        listed,
        `attends over ${from.rows} tokens, but networks have at most ${MOST_TOKENS}. Pool the map, or use strides`,
      );
    }
    if (!from.grid && from.rows !== geometry.tokens) {
      refuse(
        listed,
        `attends over the ${geometry.tokens} tokens of the task, but ${from.name} has ${from.rows}. List it before the \`token-mean\``,
      );
    }
    const mask = from.grid ? fullMask(from.rows) : geometry.mask;
    const how = { attention, neuron: model.neuron, surrogate: model.surrogate };
    const heading = { heads, dimension: width / heads, tokens: from.rows, mask };
    return collector.add({ kind: "attention", name, writes: name, how, ...heading }, from.name);
  },
  pool(listed, [from], { collector }) {
    const { name } = listed;
    const size = planPool(gridOf(listed, from), from.features, listed, `model.operations.${name}.pool`);
    return collector.add({ kind: "pool", name, writes: name, size }, from.name);
  },
  add: ({ name }, [a, b], { collector }) => collector.add({ kind: "add", name, writes: name }, a.name, b.name),
  position: ({ name }, [from], { collector }) => collector.add({ kind: "position", name, writes: name }, from.name),
  "token-mean"(listed, [from], { geometry, collector }) {
    const { name } = listed;
    if (geometry.readOut !== "stream-mean") {
      refuse(listed, "averages over all tokens, but the task reads single ones. Set task.readOut to `stream-mean`");
    }
    const size = { tokens: from.rows, width: from.features };
    return collector.add({ kind: "token-mean", name, writes: name, ...size }, from.name);
  },
  "read-out"(listed, [from], { model, geometry, collector }) {
    const read = answerGeometry(geometry);
    if (read.tokens !== from.rows) {
      refuse(
        listed,
        `reads ${from.name} with ${from.rows} rows instead of ${read.tokens}. List a \`token-mean\` before it`,
      );
    }
    const { name } = listed;
    const columns = logitsOf({ model, geometry });
    const head = collector.linear(name, from.features, columns, from.name, null);
    return collector.add({ kind: "read-out", name: `${name}.mean`, writes: "logits", geometry: read, columns }, head);
  },
};

/** What an operation may read: spikes on lines, which are bits or their sums, or currents. */
const READS: { readonly [K in Kind]: "spikes" | "bits" | "currents" | "any" } = {
  linear: "spikes",
  convolution: "spikes",
  "read-out": "spikes",
  attention: "bits",
  neurons: "currents",
  position: "currents",
  "token-mean": "currents",
  pool: "any",
  add: "any",
};

/**
 * The operations of a graph.
 * Throws  SpecError, at the operation's name, for one that cannot read what it names, and unless the last one is the read-out
 */
export function listedOperations(model: GraphSpec, geometry: Geometry): readonly Operation[] {
  const { operations } = model;
  for (const [i, listed] of operations.entries()) {
    const isLast = i === operations.length - 1;
    if (isLast === (listed.kind === "read-out")) continue;
    refuse(
      listed,
      isLast
        ? "is the last one, but a network ends in a `read-out`. List one"
        : "is not the last operation. List it last",
    );
  }
  return walk(model, geometry).operations;
}

/**
 * The geometry of a network that lists its operations: of maps, the pixels that remain at the read-out are the tokens.
 *
 * @param grid how the task's tokens are arranged as pixels; omitted if they are not
 * Throws  SpecError as `listedOperations`, and when a map is needed but the task has none
 */
export function listedGeometry(model: GraphSpec, geometry: Geometry, grid: Grid | undefined): Geometry {
  const onMap = model.operations.find(({ kind }) => kind === "convolution" || kind === "pool");
  if (!onMap) return geometry;
  if (!grid) refuse(onMap, "needs neighbouring pixels, but the tokens of this task are not pixels. Leave it out");
  if (geometry.readOut === undefined) {
    throw new SpecError(
      "task.readOut",
      `The ${onMap.kind} ${onMap.name} outputs only pixels, so there is no class token. Set task.readOut to \`mean\`, or leave it out.`,
    );
  }
  const { values, last } = walk({ ...model, operations: beforeAnswer(model) }, { ...geometry, grid });
  const tokens = values.get(last)!.rows;
  return { ...geometry, tokens, mask: fullMask(tokens), queries: Int32Array.of(tokens - 1), grid };
}

/** The operations up to the rows that are answers, or whose mean is one. */
function beforeAnswer({ operations }: GraphSpec): OperationSpec[] {
  const end = operations.findIndex(({ kind }) => kind === "token-mean" || kind === "read-out");
  return end < 0 ? operations : operations.slice(0, end);
}

function walk(model: GraphSpec, geometry: Geometry) {
  const steps = model.operations.map((listed, i) => ({
    ...{ kind: listed.kind, name: listed.name, writes: listed.name },
    reads: [listed.reads ?? model.operations[i - 1]?.name ?? INPUT].flat(),
  }));
  requireFlow(steps);
  const collector = spikingCollector(model);
  const values = new Map<string, Value>([[INPUT, { name: INPUT, ...inputShape(geometry, BITS) }]]);
  /** Values by the names of the listed operations that write them. */
  const written = new Map<string, string>([[INPUT, INPUT]]);
  let last = INPUT;
  for (const [i, { name, reads }] of steps.entries()) {
    const listed = model.operations[i];
    const read = reads.map((from) => values.get(written.get(from)!)!);
    for (const value of read) requireReadable(listed, value);
    const before = collector.operations.length;
    const make = MAKERS[listed.kind] as Maker<Kind>; // the maker of its own kind takes it
    last = make(listed, read, { model, geometry, collector });
    written.set(name, last);
    for (const operation of collector.operations.slice(before)) {
      const { writes } = operation;
      const shape = operationKit(operation).shape(
        operation,
        operation.reads.map((from) => values.get(from)!),
      );
      values.set(writes, { name: writes, ...shape });
    }
  }
  return { operations: collector.operations, values, last };
}

function requireReadable(listed: OperationSpec, { name, domain }: Value): void {
  const takes = READS[listed.kind];
  const largest = largestOf(domain);
  if (takes === "any") return;
  if (takes === "currents") {
    if (largest === null) return;
    refuse(listed, `reads the spikes of ${name}, but it takes currents. List a \`linear\` between them`);
  }
  if (largest === null) {
    refuse(listed, `reads the currents of ${name}, but it takes spikes. List \`neurons\` between them`);
  }
  if (takes === "spikes" || largest === 1) return;
  refuse(listed, `reads ${name}, whose values are whole numbers up to ${largest}, but it takes bits. Read neurons`);
}

/** The map that a value is. */
function gridOf(listed: OperationSpec, { name, grid }: Value): Grid {
  return grid ?? refuse(listed, `needs a map of pixels, but the rows of ${name} are tokens. Read a map`);
}

function refuse({ kind, name }: OperationSpec, problem: string): never {
  throw new SpecError(`model.operations.${name}`, `The ${kind} ${name} ${problem}.`);
}
