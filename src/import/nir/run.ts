/**
 * Runs a feed-forward NIR graph: every node over all time steps, in the order of the edges. NIR says nothing of delays on edges, so a
 * signal passes all nodes within its step; a graph with a cycle would need one, and is refused.
 *
 * The step, the reset and what happens at the threshold are those of the options, else of the graph's metadata (`time_step`, `reset`,
 * `fires`), else those of NIR's paper and equations: 0.0001 s, "hard", ">".
 */
import { ShapeError, SpecError } from "../../errors.ts";
import { shorten } from "../../experiment/json.ts";
import { type NirRules, requireForward, runNode } from "./forward.ts";
import type { NirGraph, NirNode } from "./graph.ts";
import { numbersOf, textOf } from "./tree.ts";
import type { NirSignal } from "./windows.ts";

/** What computes a subgraph instead of its nodes, by its name; see `docs/import.md` for those of attention. */
export type Subgraphs = Readonly<Record<string, (input: NirSignal) => NirSignal>>;

export interface NirRunOptions extends Partial<NirRules> {
  readonly subgraphs?: Subgraphs;
  /** Gets a note on neurons that cannot fire for lack of a time step; default: `console.warn`. */
  readonly onNote?: (note: string) => void;
}

/** Metadata that mark a subgraph which stands for attention. */
export const ATTENTION = "xpikeformer_attention";

const DEFAULT_RULES: NirRules = { timeStep: 1e-4, reset: "hard", fires: ">" };

/**
 * The signals of all nodes of one sample, by name. `input` goes to the graph's Input.
 * Throws  SpecError for a cycle, for a node that is not run, or for attention without its entry in `subgraphs`; ShapeError when arrays or
 *         signals do not fit together
 */
export function runNir(graph: NirGraph, input: NirSignal, options: NirRunOptions = {}): ReadonlyMap<string, NirSignal> {
  const count = input.shape.reduce((all, side) => all * side, input.steps);
  if (count !== input.values.length) {
    throw new ShapeError(
      "input",
      `${input.steps} steps of [${input.shape}] are ${count} values, but ${input.values.length} were given.`,
    );
  }
  const signals = new Map<string, NirSignal>();
  const rules = rulesOf(graph, options);
  const isStated = options.timeStep !== undefined || graph.metadata?.has("time_step") === true;
  for (const name of inOrder(graph)) {
    const node = graph.nodes.get(name)!;
    const sources = graph.edges.filter(([, to]) => to === name).map(([from]) => signals.get(from)!);
    if (sources.length === 0 && !(node.type === "Input")) {
      throw new SpecError(name, `Nothing leads to the node ${shorten(name)}. Add an Input and an edge to it.`);
    }
    const total = sources.length === 0 ? input : sources.reduce((sum, source) => add(sum, source, name));
    const signal = runAny(node, name, total, rules, options);
    signals.set(name, signal);
    if (!isStated && countsSteps(node) && total.values.some((x) => x !== 0) && signal.values.every((x) => x === 0)) {
      (options.onNote ?? console.warn)(silentNote(name, node.type, rules.timeStep));
    }
  }
  return signals;
}

/** Whether neurons seem to count time in steps, as programs without a time step do: an IF with r = 1, a LIF with tau of 1 or more. */
function countsSteps(node: NirNode): boolean {
  if (node.type !== "IF" && node.type !== "LIF") return false;
  const r = numbersOf(node.fields.get("r"));
  return node.type === "IF"
    ? r?.every((value) => value === 1) === true
    : numbersOf(node.fields.get("tau"))?.every((value) => value >= 1) === true;
}

const silentNote = (name: string, type: string, timeStep: number): string =>
  `The neurons of ${shorten(name)} (${type}) never fire. The graph states no time step, so it is ${timeStep} s, and each step adds ` +
  `${timeStep} of what these neurons' ${type === "IF" ? "r = 1" : "tau of 1 or more"} would add in a step of 1. If the program that wrote ` +
  "the graph counts time in steps, pass { timeStep: 1 }.";

/** The signal of the graph's only Output. Throws SpecError if it has none or several. */
export function outputOf(graph: NirGraph, signals: ReadonlyMap<string, NirSignal>): NirSignal {
  const outputs = [...graph.nodes].filter(([, { type }]) => type === "Output").map(([name]) => name);
  if (outputs.length === 1) return signals.get(outputs[0])!;
  throw new SpecError(
    "nodes",
    `The graph has ${outputs.length} Outputs (${outputs.join(", ")}), not one. Read the signals by name.`,
  );
}

/** The rules that the options or the graph's metadata give, or their defaults. Throws SpecError for others. */
export function rulesOf({ metadata }: NirGraph, options: Partial<NirRules>): NirRules {
  const reset = options.reset ?? textOf(metadata?.get("reset")) ?? DEFAULT_RULES.reset;
  const fires = options.fires ?? textOf(metadata?.get("fires")) ?? DEFAULT_RULES.fires;
  const timeStep = options.timeStep ?? numbersOf(metadata?.get("time_step"))?.[0] ?? DEFAULT_RULES.timeStep;
  if (reset !== "hard" && reset !== "soft") throw unknownRule("reset", reset, "hard or soft");
  if (fires !== ">" && fires !== ">=") throw unknownRule("fires", fires, "> or >=");
  if (!(timeStep > 0 && timeStep < Number.POSITIVE_INFINITY))
    throw unknownRule("time_step", String(timeStep), "a positive number");
  return { reset, fires, timeStep };
}

const unknownRule = (name: string, value: string, wanted: string): SpecError =>
  new SpecError(`metadata.${name}`, `The graph's ${name} is ${shorten(value)}, not ${wanted}. Give it as an option.`);

/** Throws SpecError that names a cycle, or the first node that is not run. */
export function requireRunnable(graph: NirGraph): void {
  inOrder(graph);
  for (const [name, node] of graph.nodes) {
    if (node.type === "NIRGraph") requireRunnable(node);
    else requireForward(node.type, name);
  }
}

/** The names of all nodes, each after those that lead to it. Throws SpecError that names a cycle. */
export function inOrder({ nodes, edges }: NirGraph): string[] {
  const targets = new Map<string, string[]>([...nodes.keys()].map((name) => [name, []]));
  const open = new Map<string, number>([...nodes.keys()].map((name) => [name, 0]));
  for (const [from, to] of edges) {
    targets.get(from)!.push(to);
    open.set(to, open.get(to)! + 1);
  }
  const order = [...nodes.keys()].filter((name) => open.get(name) === 0);
  for (const name of order) {
    for (const to of targets.get(name)!) {
      open.set(to, open.get(to)! - 1);
      if (open.get(to) === 0) order.push(to);
    }
  }
  if (order.length === nodes.size) return order;
  const cycle = cycleOf(new Set([...nodes.keys()].filter((name) => open.get(name)! > 0)), edges);
  throw new SpecError(
    "edges",
    `The graph is recurrent: ${cycle.map((name) => shorten(name)).join(" -> ")}. Only feed-forward graphs are run and imported.`,
  );
}

/** A cycle within nodes that all have a predecessor among them: back along the edges until a name repeats. */
function cycleOf(left: ReadonlySet<string>, edges: NirGraph["edges"]): string[] {
  const before = new Map(edges.filter(([from, to]) => left.has(from) && left.has(to)).map(([from, to]) => [to, from]));
  const path = [[...left][0]];
  while (!path.slice(0, -1).includes(path.at(-1)!)) path.push(before.get(path.at(-1)!)!);
  return path.slice(path.indexOf(path.at(-1)!)).reverse();
}

function runAny(node: NirNode, at: string, input: NirSignal, rules: NirRules, options: NirRunOptions): NirSignal {
  if (node.type !== "NIRGraph") return runNode({ at, node, rules }, input);
  const given = options.subgraphs?.[at];
  if (given) return given(input);
  const attention = textOf(node.metadata?.get(ATTENTION));
  if (attention !== null) {
    throw new SpecError(
      at,
      `The subgraph ${shorten(at)} stands for attention (${shorten(attention)}), which NIR's nodes cannot compute. Import the graph as a ` +
        "network with `xpike import`, or pass what computes it as `subgraphs`.",
    );
  }
  return outputOf(node, runNir(node, input, { ...rules, ...options }));
}

function add(sum: NirSignal, { shape, values }: NirSignal, name: string): NirSignal {
  if (values.length !== sum.values.length) {
    throw new ShapeError(name, `Signals of [${sum.shape}] and [${shape}] meet at the node ${shorten(name)}.`);
  }
  return { ...sum, values: sum.values.map((x, i) => x + values[i]) };
}
