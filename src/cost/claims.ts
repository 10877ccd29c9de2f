/** Energy ratios printed in the paper (section VII-A): ranges over two model sizes; which end belongs to which size is our reading. */
import type { ArchitectureId } from "./architectures/catalogue.ts";

export interface ClaimedRatio {
  readonly workload: string;
  readonly architecture: ArchitectureId;
  /**
   * As printed. The text says that the gain over the digital ANN grows with size, so the low end belongs to the small model.
   * For the other two it does not say, and either end may belong to either model.
   */
  readonly printed: readonly string[];
}

const rows = (
  small: string,
  large: string,
  [annDigital, annAimc, snnDigital]: readonly (readonly [string, string])[],
): ClaimedRatio[] => [
  { workload: small, architecture: "annDigital", printed: [annDigital[0]] },
  { workload: large, architecture: "annDigital", printed: [annDigital[1]] },
  ...[small, large].map((workload) => ({ workload, architecture: "annAimc" as const, printed: annAimc })),
  ...[small, large].map((workload) => ({ workload, architecture: "snnDigital" as const, printed: snnDigital })),
];

export const CLAIMED_RATIOS: readonly ClaimedRatio[] = [
  ...rows("vit-6-512-imagenet", "vit-8-768-imagenet", [
    ["9.6", "13"],
    ["5.4", "5.9"],
    ["1.8", "1.9"],
  ]),
  ...rows("icl-4-256-4x4", "icl-8-512-4x4", [
    ["7", "14.5"],
    ["2.6", "4.0"],
    ["1.6", "1.8"],
  ]),
];

/** Whether a number rounds to one of the printed ones. */
export const isWithinRounding = (value: number, printed: readonly string[]): boolean =>
  printed.some((text) => value.toFixed(text.split(".")[1]?.length ?? 0) === text);
