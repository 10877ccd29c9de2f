/**
 * Energy, time and area of a technology node relative to 45 nm. Logic, wires, memories and converters scale differently, so
 * each has its own table; DRAM and the read current of a memory cell do not scale.
 *
 * Between the nodes of a table, interpolation is linear in the logarithms of both. Beyond the range of its source a factor is
 * an extrapolation, which has to be requested.
 */
import { CostError } from "../../errors.ts";
import { power } from "../../numeric/power.ts";
import { naturalLog } from "../../numeric/stream.ts";
import type { Scaling } from "../parameters.ts";
import { stillmaker } from "./stillmaker-integration-2017.ts";

/** Parts of the chip that may be made at different nodes. */
export const BLOCKS = ["digital", "sram", "aimc", "area"] as const;
export type NodeBlock = (typeof BLOCKS)[number];

interface Law {
  /** What it scales, in words. */
  readonly scales: string;
  /** Factor by node in nanometres, in descending order. */
  readonly factors: readonly (readonly [number, number])[];
  /** Smallest and largest node that the source covers. */
  readonly covers: readonly [number, number];
  readonly source: string;
  /** The block that sets the node. */
  readonly block: NodeBlock;
}

const logic = stillmaker.prices;

export const SCALING_LAWS: Readonly<Record<Exclude<Scaling, "fixed" | "clock">, Law>> = {
  digital: {
    scales: "digital energies",
    factors: [
      [65, logic.digital65.value],
      [45, 1],
      [32, logic.digital32.value],
      [28, logic.digital28.value],
      [22, logic.digital22.value],
      [20, logic.digital20.value],
      [16, logic.digital16.value],
      [14, logic.digital14.value],
      [10, logic.digital10.value],
      [7, logic.digital7.value],
    ],
    covers: [7, 65],
    source: stillmaker.id,
    block: "digital",
  },
  delay: {
    scales: "logic delays",
    factors: [
      [65, logic.delay65.value],
      [45, 1],
      [32, logic.delay32.value],
      [16, logic.delay16.value],
      [14, logic.delay14.value],
      [10, logic.delay10.value],
      [7, logic.delay7.value],
    ],
    covers: [7, 65],
    source: stillmaker.id,
    block: "digital",
  },
  // Capacitance per length is constant, so energy scales with the square of the supply, at the voltages of `digital`.
  wire: {
    scales: "wire energies",
    factors: [
      [65, 1.49],
      [45, 1],
      [20, 1],
      [16, 0.892],
      [14, 0.79],
      [10, 0.694],
      [7, 0.605],
    ],
    covers: [7, 65],
    source: "keckler-micro-2011",
    block: "digital",
  },
  sram: {
    scales: "sram energies",
    factors: [
      [65, 2],
      [45, 1],
      [32, 0.52],
      [28, 0.45],
      [22, 0.36],
      [14, 0.22],
    ],
    covers: [22, 65],
    source: "balasubramonian-taco-2017",
    block: "sram",
  },
  aimc: {
    scales: "aimc energies",
    factors: [
      [65, 1.73],
      [45, 1],
      [32, 0.57],
      [28, 0.49],
      [22, 0.357],
      [14, 0.2],
    ],
    covers: [22, 65],
    source: "peng-iedm-2019",
    block: "aimc",
  },
  // Runs at 45 nm (104 ns for eight conversions) and at 22 nm (68 ns); 65 nm on the line through them.
  conversionTime: {
    scales: "conversion times",
    factors: [
      [65, 1.24],
      [45, 1],
      [22, 0.654],
    ],
    covers: [22, 65],
    source: "peng-iedm-2019",
    block: "aimc",
  },
  area: {
    scales: "areas",
    factors: [
      [65, logic.area65.value],
      [45, 1],
      [32, logic.area32.value],
      [28, logic.area28.value],
      [22, logic.area22.value],
      [20, logic.area20.value],
      [16, logic.area16.value],
      [14, logic.area14.value],
      [10, logic.area10.value],
      [7, logic.area7.value],
    ],
    covers: [7, 65],
    source: stillmaker.id,
    block: "area",
  },
};

/** Limit even with `extrapolate`: beyond it, a straight line through two nodes says nothing. */
const FARTHEST = [5, 130] as const;

/**
 * Factor from 45 nm to `node`.
 * Throws  CostError when the law's source does not cover the node, unless `extrapolate`
 */
export function nodeFactor(scaling: Scaling, node: number, extrapolate = false): number {
  if (scaling === "fixed") return 1;
  if (scaling === "clock") return 1 / nodeFactor("delay", node, extrapolate);
  const { factors, covers, source, scales } = SCALING_LAWS[scaling];
  const [least, most] = extrapolate ? FARTHEST : covers;
  if (!(node >= least && node <= most)) {
    throw new CostError(
      "node",
      extrapolate
        ? `${node} nm is out of range: even with extrapolation, nodes go from ${least} to ${most} nm.`
        : `The node is ${node} nm, but ${source}, which scales ${scales}, covers ${least} to ${most} ` +
            "nm. Choose a node in this range, or accept an extrapolation with --extrapolate.",
    );
  }
  return interpolated(factors, node);
}

/** A factor between nodes, or beyond them by the nearest two; `factors` in descending order of nodes. */
export function interpolated(factors: Law["factors"], node: number): number {
  const at = factors.find(([known]) => known === node);
  if (at) return at[1];
  const next = factors.findIndex(([known]) => known < node);
  const upper = next === -1 ? factors.length - 2 : Math.max(0, next - 1);
  const [[n0, f0], [n1, f1]] = [factors[upper], factors[upper + 1]];
  const slope = naturalLog(f1 / f0) / naturalLog(n1 / n0);
  return f0 * power(node / n0, slope);
}

/** The block that sets the node of a price; none if the price does not scale. */
export function blockOf(scaling: Scaling): NodeBlock | undefined {
  if (scaling === "fixed") return undefined;
  return SCALING_LAWS[scaling === "clock" ? "delay" : scaling].block;
}
