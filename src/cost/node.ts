/**
 * Energy and area of one technology node relative to 45 nm. Logic, memories and converters scale differently, so each has
 * a table; DRAM and the read current of a memory cell do not scale.
 *
 * Between nodes of a table, straight lines in the logarithms of both. Beyond what a source covers a factor is an
 * extrapolation, which has to be asked for.
 */
import { CostError } from "../errors.ts";
import { power } from "../numeric/power.ts";
import { naturalLog } from "../numeric/stream.ts";
import type { Scaling } from "./parameters.ts";

interface Law {
  /** Node in nanometres to factor, falling nodes. */
  readonly factors: readonly (readonly [number, number])[];
  /** Smallest and largest node that the source covers. */
  readonly covers: readonly [number, number];
  readonly source: string;
}

export const SCALING_LAWS: Readonly<Record<Exclude<Scaling, "fixed">, Law>> = {
  digital: {
    factors: [
      [65, 1.99],
      [45, 1],
      [32, 0.64],
      [28, 0.51],
      [22, 0.305],
      [14, 0.114],
    ],
    covers: [14, 65],
    source: "stillmaker-integration-2017",
  },
  sram: {
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
  },
  aimc: {
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
  },
  area: {
    factors: [
      [65, 1.5],
      [45, 1],
      [32, 0.46],
      [28, 0.38],
      [22, 0.25],
      [14, 0.17],
    ],
    covers: [14, 65],
    source: "stillmaker-integration-2017",
  },
};

/** Farther than this even `extrapolate` does not reach: a straight line through two nodes says nothing there. */
const FARTHEST = [5, 130] as const;

/**
 * Factor from 45 nm to `node`.
 * Throws  CostError when the law's source does not cover the node, unless `extrapolate`
 */
export function nodeFactor(scaling: Scaling, node: number, extrapolate = false): number {
  if (scaling === "fixed") return 1;
  const { factors, covers, source } = SCALING_LAWS[scaling];
  const [least, most] = extrapolate ? FARTHEST : covers;
  if (!(node >= least && node <= most)) {
    throw new CostError(
      "node",
      extrapolate
        ? `${node} nm is out of reach: even extrapolated, nodes go from ${least} to ${most} nm.`
        : `${source}, by which ${scaling} energies scale, covers ${least} to ${most} nm, but the node is ${node} nm. ` +
            "Choose a node within, or accept an extrapolation with --extrapolate.",
    );
  }
  const at = factors.find(([known]) => known === node);
  if (at) return at[1];
  const next = factors.findIndex(([known]) => known < node);
  const upper = next === -1 ? factors.length - 2 : Math.max(0, next - 1);
  const [[n0, f0], [n1, f1]] = [factors[upper], factors[upper + 1]];
  const slope = naturalLog(f1 / f0) / naturalLog(n1 / n0);
  return f0 * power(node / n0, slope);
}
