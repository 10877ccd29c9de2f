/**
 * The generic Yosys cells that the simulator supports: gates, and flip-flops with one clock edge. Their functions follow the
 * cell reference in Yosys's manual ("Gate-level cells"). Latches, set-reset flip-flops, tristate buffers and wide multiplexers
 * are not supported.
 */

/** By name without `$_` and `_`: the input pins, and the output as a function of 32 runs at a time. */
export const GATES = {
  BUF: ["A"],
  NOT: ["A"],
  AND: ["A", "B"],
  NAND: ["A", "B"],
  OR: ["A", "B"],
  NOR: ["A", "B"],
  XOR: ["A", "B"],
  XNOR: ["A", "B"],
  ANDNOT: ["A", "B"],
  ORNOT: ["A", "B"],
  MUX: ["A", "B", "S"],
  NMUX: ["A", "B", "S"],
  AOI3: ["A", "B", "C"],
  OAI3: ["A", "B", "C"],
  AOI4: ["A", "B", "C", "D"],
  OAI4: ["A", "B", "C", "D"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type GateType = keyof typeof GATES;

/** A gate of a netlist. */
export interface Gate {
  readonly type: GateType;
  /** Nets, in the order of `GATES`. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** Its name in the file. */
  readonly name: string;
}

/** The gate of a cell type such as `$_NAND_`, or null. */
export function gateType(cellType: string): GateType | null {
  const name = /^\$_([A-Z0-9]+)_$/.exec(cellType)?.[1];
  return name !== undefined && Object.hasOwn(GATES, name) ? (name as GateType) : null;
}

/** A flip-flop's behaviour. Pins: C, D, Q; R where it has a reset; E where it has an enable. */
export interface FlipFlopType {
  readonly clockEdge: "rising" | "falling";
  readonly reset: {
    /** `before-clock` acts at once; `at-clock` at the edge; `when-enabled` at the edge, and only together with the enable. */
    readonly acts: "before-clock" | "at-clock" | "when-enabled";
    readonly activeHigh: boolean;
    readonly value: 0 | 1;
  } | null;
  readonly enable: { readonly activeHigh: boolean } | null;
}

const RESET_ACTS = { DFF: "before-clock", DFFE: "before-clock", SDFF: "at-clock", SDFFE: "at-clock" } as const;

/** The flip-flop of a cell type such as `$_DFFE_PN0P_` (clock, reset, its value, enable), or null. */
export function flipFlopType(cellType: string): FlipFlopType | null {
  const parts = /^\$_(S?DFFC?E?)_([NP])(?:([NP])([01]))?([NP])?_$/.exec(cellType);
  if (!parts) return null;
  const [, family, clock, reset, value, enable] = parts;
  const gated = family === "SDFFCE";
  if (!gated && !Object.hasOwn(RESET_ACTS, family)) return null;
  // Only the families on D may do without a reset, and every E has an enable.
  if ((reset === undefined && family.startsWith("S")) || family.endsWith("E") !== (enable !== undefined)) return null;
  return {
    clockEdge: clock === "P" ? "rising" : "falling",
    reset:
      reset === undefined
        ? null
        : {
            acts: gated ? "when-enabled" : RESET_ACTS[family as keyof typeof RESET_ACTS],
            activeHigh: reset === "P",
            value: value === "1" ? 1 : 0,
          },
    enable: enable === undefined ? null : { activeHigh: enable === "P" },
  };
}
