/**
 * The plan of a pass: which array is where, as numbers only, and the steps of the forward and the backward pass.
 *
 * Packed spikes are small and always kept. Of numbers, training keeps what the backward pass reads again, as each kind of operation says;
 * everything else shares memory with what is not needed at the same time (`liveness.ts`). Gradients are handed from value to value: a
 * step writes the gradient of what it reads over that of its result where nobody else holds it.
 *
 * A pass that recomputes drops the raw outputs of linear layers, and sums that only their own block reads. It computes them again in the
 * backward pass, when they are first needed: from the same spikes, so with the same bits. Rounded numbers are always dropped.
 */
import { type Graph, INPUT, operationsOf, readersOf } from "../model/graph.ts";
import { type Described, graphOf } from "../model/transformer.ts";
import type { Arena, PackedBits, Place } from "./arena.ts";
import { type Form, type Held, numbersAt } from "./held.ts";
import { type HeadPlaces, type HeadShape, headScratch, planHead } from "./operations/head.ts";
import type { OutputNoise, PassNode, PlanContext, Planned, Shape } from "./operations/kit.ts";
import { passKit } from "./operations/kits.ts";
import type { PassOptions } from "./pass.ts";
import { keepingOf, rootOf, startMemory } from "./pass-memory.ts";
import { nodesOf, numbersNode } from "./pass-nodes.ts";
import { backwardSteps, forwardSteps, type PassStep } from "./pass-steps.ts";

export interface PassLayout {
  readonly network: Described;
  readonly options: PassOptions;
  readonly steps: number;
  readonly nodes: readonly PassNode[];
  readonly forward: readonly PassStep[];
  /** After the loss; empty if the pass does not train. */
  readonly backward: readonly PassStep[];
  /** Packed spikes by value. */
  readonly spikes: Readonly<Record<string, { readonly bits: PackedBits; readonly rows: number }>>;
  readonly inputs: Place;
  /** Of a network with neurons; its result is the gradient of what the head reads. */
  readonly head: {
    readonly shape: HeadShape;
    readonly places: HeadPlaces;
    readonly reads: Held;
    readonly d: Place;
  } | null;
  /** Of any other network, which has one loss. */
  readonly answer: {
    readonly outputs: number;
    readonly logits: Place;
    readonly targets: Place;
    readonly dLogits: Place;
  } | null;
  readonly penaltyRow: Place | null;
  readonly noise: OutputNoise | null;
  readonly scratch: Place;
}

export function planNetwork(arena: Arena, network: Described, options: PassOptions): PassLayout {
  const { training, realInputs, recompute = false, outputNoise = 0, spikeRate } = options;
  const graph = graphOf(network);
  const { nodes: operations, head, spiking } = nodesOf(graph);
  const { model } = network;
  const steps = model.kind === "ann" ? 1 : model.steps;
  const isPacked = spiking && !realInputs;
  const { rows, features } = graph.values.get(INPUT)!;
  const input: Shape = { steps: isPacked ? steps : 1, rows, features, form: isPacked ? "bits" : "numbers" };
  const sized = { arena, options, steps, spiking, head: head?.head ?? null, maxPrompts: options.maxPrompts, training };
  const { nodes, planned } = planNodes(graph, operations, input, sized);

  const memory = startMemory(arena, options.maxPrompts, nodes);
  const inputs = memory.keepInput(INPUT, input);
  const keeping = keepingOf(nodes, planned, { training, recomputes: spiking && recompute });
  const ran = forwardSteps(memory, { nodes, planned }, keeping);
  const read = head?.reads ?? nodes[nodes.length - 1].writes;
  memory.next();
  memory.touch(rootOf(memory.named(read)).forward);
  const back = training ? backwardSteps(memory, { nodes, planned }, ran.owned, read) : null;
  memory.place();

  const heldOf = (name: string) => memory.heldOf(name, "forward");
  const last = heldOf(read);
  const d = back?.first.at ?? 0;
  const shape = head && { ...head, steps, readsNumbers: last.form === "numbers" };
  const widest = Math.max(...planned.map(({ writes }) => writes.features));
  const isNoisy = outputNoise === "by column" || outputNoise > 0;
  const answerOf = () => {
    const targets = arena.words(memory.countWords(last));
    return { outputs: last.features, logits: numbersAt(last), targets, dLogits: d };
  };
  return {
    ...{ network, options, steps, nodes, inputs },
    forward: ran.steps.map((step) => step()),
    backward: back?.steps.map((step) => step()) ?? [],
    spikes: spikesOf(nodes, heldOf),
    head: shape && { shape, places: planHead(arena, shape, options), reads: last, d },
    answer: head ? null : answerOf(),
    penaltyRow: training && spikeRate && spikeRate.weight > 0 ? arena.words(widest) : null,
    noise: isNoisy ? { deviations: arena.words(widest), threshold: thresholdOf(graph) } : null,
    scratch: arena.words(Math.max(...planned.map(({ scratch }) => scratch), shape ? headScratch(shape, options) : 0)),
  };
}

const thresholdOf = (graph: Graph): number => operationsOf(graph, "neurons")[0]?.neuron.threshold ?? 1;

/** By the names of the graph; not those of pooled maps. */
function spikesOf(nodes: readonly PassNode[], heldOf: (value: string) => Held): PassLayout["spikes"] {
  const names = nodes.filter(({ operation }) => operation.kind !== "pool").map(({ writes }) => writes);
  return Object.fromEntries(
    [INPUT, ...names].flatMap((name) => {
      const held = heldOf(name);
      return held.form === "bits" ? [[name, { bits: held.bits, rows: held.rows }]] : [];
    }),
  );
}

/** Chooses the form of every value, and inserts nodes that turn values into numbers for readers that take nothing else. */
function planNodes(
  graph: Graph,
  operations: readonly PassNode[],
  input: Shape,
  sized: Omit<PlanContext, "reads" | "written" | "gated">,
): { nodes: PassNode[]; planned: Planned[] } {
  const { steps, spiking } = sized;
  const shapes = new Map([[INPUT, input]]);
  const nodes: PassNode[] = [];
  const planned: Planned[] = [];
  function push(node: PassNode, written: Omit<Shape, "form">) {
    const reads = node.reads.map((name) => shapes.get(name)!);
    const [reader, ...others] = readersOf(graph, node.writes);
    const gated = reader?.kind === "linear" && others.length === 0 && reader !== sized.head;
    const plan = passKit(node.operation).plan(node, { ...sized, reads, written, gated });
    nodes.push(node);
    planned.push(plan);
    shapes.set(node.writes, plan.writes);
  }
  function inForm(value: string, accepted: readonly Form[], block: number | null): string {
    const shape = shapes.get(value)!;
    if (accepted.includes(shape.form)) return value;
    const name = `${value} as numbers`;
    if (!shapes.has(name)) push(numbersNode(name, value, block), shape);
    return name;
  }
  for (const node of operations) {
    const { operation, targets } = node;
    const kit = passKit(operation);
    const reads = node.reads.map((value, i) => inForm(value, kit.accepts(i, spiking), operation.block));
    const moved = targets.map((target, i) => (target === node.reads[i] ? reads[i] : target));
    const { rows, features } = graph.values.get(node.writes)!;
    push({ ...node, reads, targets: moved }, { steps, rows, features });
  }
  return { nodes, planned };
}
