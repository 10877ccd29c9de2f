/**
 * What a machine of memories takes of an FPGA, before synthesis: block memories, multipliers and registers, counted in its modules.
 *
 * A block memory holds 18 kbit, at most 36 bits wide. Lookup tables hold the memories that are read within a clock, and small constants.
 * Left out: logic, which only synthesis counts.
 */
import { SpecError } from "../../errors.ts";
import type * as sv from "../syntax.ts";
import type { MachineDesign } from "./design.ts";
import { DEVICES, type Device, type DeviceName } from "./devices.ts";
import { MACHINE } from "./top.ts";

/** Words of a block memory by the bits of a word. */
const SHAPES: readonly (readonly [bits: number, words: number])[] = [
  [36, 512],
  [18, 1024],
  [9, 2048],
  [4, 4096],
  [2, 8192],
  [1, 16_384],
];

export interface FittedMemory {
  /** Module and memory. */
  readonly name: string;
  readonly width: number;
  readonly entries: number;
  /** How often the machine has it. */
  readonly count: number;
  /** Block memories of each; 0: lookup tables. */
  readonly blocks: number;
}

export interface Fit {
  readonly memories: readonly FittedMemory[];
  readonly multipliers: number;
  readonly registers: number;
}

/** Block memories of a memory. */
const blocksOf = (width: number, entries: number): number =>
  Math.min(...SHAPES.map(([bits, words]) => Math.ceil(width / bits) * Math.ceil(entries / words)));

export function fitOf({ modules, plan }: Pick<MachineDesign, "modules" | "plan">): Fit {
  const counts = new Map([[MACHINE, 1]]);
  const memories: FittedMemory[] = [];
  let registers = 0;
  // The top is the last, so every module's users come before it.
  for (const module of modules.toReversed()) {
    const count = counts.get(module.name) ?? 0;
    const found = contentsOf(module.items);
    for (const [used, times] of found.instances) counts.set(used, (counts.get(used) ?? 0) + times * count);
    for (const { name, width, entries, isBlock } of found.memories) {
      const blocks = isBlock ? blocksOf(width, entries) : 0;
      memories.push({ name: `${module.name}.${name}`, width, entries, count, blocks });
    }
    registers += count * found.registers;
  }
  const multipliers = plan.layers.reduce((sum, { lanes, rowBlocks }) => sum + lanes * rowBlocks, 0);
  return { memories, multipliers, registers };
}

interface Contents {
  readonly memories: readonly (Pick<FittedMemory, "name" | "width" | "entries"> & { readonly isBlock: boolean })[];
  /** Times that each module is used. */
  readonly instances: ReadonlyMap<string, number>;
  readonly registers: number;
}

function contentsOf(items: readonly sv.Item[]): Contents {
  const memories: Contents["memories"][number][] = [];
  const instances = new Map<string, number>();
  let registers = 0;
  const visit = (list: readonly sv.Item[], times: number): void => {
    const driven = new Map<string, sv.Signal>();
    for (const item of list) {
      switch (item.kind) {
        case "declaration":
          for (const { name, width, entries } of item.signals) {
            if (entries !== null) memories.push({ name, width: width!, entries, isBlock: item.inBlocks === true });
          }
          break;
        case "registers":
        case "clocked":
          for (const target of targetsIn(item)) {
            const signal = baseOf(target);
            if (signal?.entries === null) driven.set(signal.name, signal);
          }
          break;
        case "instance":
          instances.set(item.module, (instances.get(item.module) ?? 0) + times);
          break;
        case "loop":
          visit(item.body, times * item.below);
          break;
      }
    }
    for (const { width } of driven.values()) registers += times * (width ?? 0);
  };
  visit(items, 1);
  return { memories, instances, registers };
}

/** All nodes of a tree of a kind. */
function nodesIn<Node extends { readonly kind: string }>(tree: unknown, kind: Node["kind"]): Node[] {
  if (Array.isArray(tree)) return tree.flatMap((part) => nodesIn<Node>(part, kind));
  if (typeof tree !== "object" || tree === null) return [];
  const below = Object.values(tree).flatMap((part) => nodesIn<Node>(part, kind));
  return "kind" in tree && tree.kind === kind ? [tree as Node, ...below] : below;
}

const targetsIn = (tree: sv.Item) =>
  nodesIn<Extract<sv.Statement, { kind: "assign" }>>(tree, "assign").map(({ target }) => target);

function baseOf(target: sv.Expression): sv.Signal | null {
  let base = target;
  while (base.kind === "bit" || base.kind === "slice" || base.kind === "part") base = base.of;
  return base.kind === "signal" ? base : null;
}

/**
 * A table of what a machine takes of a device.
 *
 * Throws  SpecError, with the sum, when it takes more than there is
 */
export function fitText(fit: Fit, name: DeviceName): string {
  const device: Device = DEVICES[name];
  const inBlocks = fit.memories.filter(({ blocks }) => blocks > 0);
  const kinds = inBlocks.map((memory) => ({ ...memory, all: memory.count * memory.blocks }));
  const blocks = kinds.reduce((sum, { all }) => sum + all, 0);
  const bits = (of: readonly FittedMemory[]) =>
    of.reduce((sum, { width, entries, count }) => sum + width * entries * count, 0);
  const small = bits(fit.memories.filter(({ blocks: own }) => own === 0));
  const needs = { blocks, multipliers: fit.multipliers, registers: fit.registers };
  const titles = { blocks: "block memories of 18 kbit", multipliers: "multipliers", registers: "registers" };
  const keys = ["blocks", "multipliers", "registers"] as const;
  const over = keys.find((key) => needs[key] > device[key]);
  const sum = (key: (typeof keys)[number]) =>
    key === "blocks"
      ? `${kinds.map(({ name: of, count, blocks: own }) => `${of} ${count} x ${own}`).join(" + ")} = `
      : "";
  if (over !== undefined) {
    throw new SpecError(
      "--device",
      `The machine takes ${sum(over)}${needs[over]} ${titles[over]}, but ${device.title} has ${device[over]}. Choose a larger device, let more columns ` +
        "share a converter (hardware.adc.sharing), use a longer hardware.timing.conversion, or a smaller network.",
    );
  }
  const rows = [
    ...kinds.map(
      ({ name: of, width, entries, count, all }) =>
        `${of}: ${count} x ${entries} words of ${width} bits, ${all} block memories`,
    ),
    `${bits(inBlocks)} bits in block memories, ${small} in lookup tables`,
    ...keys.map((key) => `${needs[key]} of ${device[key]} ${titles[key]}`),
    `logic, which synthesis counts, in ${device.tables} lookup tables`,
  ];
  return `${device.title}, before synthesis:\n${rows.map((row) => `  ${row}\n`).join("")}`;
}
