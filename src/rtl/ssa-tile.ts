/** Generator of the SSA tile: N x N cells, N column feet, and the wiring of random bytes. */
import { lfsrWiring } from "../hardware/draws.ts";
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import { unusedBits } from "./encoder.ts";
import { cellsOf, openInPass } from "./passes.ts";
import { fifoInstance } from "./ssa-cell.ts";
import {
  type BinaryOperator,
  binary,
  bit,
  CLOCKED,
  comment,
  concat,
  decimal,
  type Expression,
  gap,
  hex,
  type Item,
  input,
  instance,
  logic,
  loop,
  type Module,
  name,
  output,
  part,
  plus,
  sized,
  times,
  wire,
} from "./syntax.ts";

const clocked = { clk_i: name("clk_i"), rst_ni: name("rst_ni") };
const byteOf = (bytes: string, index: Expression): Expression =>
  part(name(bytes), index.kind === "name" ? times(8, index.name) : binary(decimal(8), "*", index), 8);

export function ssaTile(given: SsaParameters): Module {
  const { passes, tileTokens } = given.plan;
  // The cells of the tile; with several passes they are not those of one mask.
  const parameters: SsaParameters = { ...given, tokens: tileTokens, mask: cellsOf(given) };
  const { tokens, dimension, mask, fifo, draws, lfsr } = parameters;
  const isBlockwise = passes.length > 1;
  const open = isBlockwise ? passMasks(given) : null;
  const passBits = bitsFor(passes.length - 1);
  const { registers } = lfsrWiring(lfsr.sharing, tokens);
  const ordered = draws === "ordered";
  const stratified = draws === "stratified";
  const wiring = cellWiring(parameters);
  const at = plus(times(tokens, "i"), 0);
  const cell = binary(at, "+", name("j"));
  const isOpen = (i: number, j: number) => mask[i * tokens + j] === 1;
  const inRow = (j: number) => Array.from({ length: tokens }, (_, i) => isOpen(i, j)).some(Boolean);
  const inColumn = (i: number) => Array.from({ length: tokens }, (_, j) => isOpen(i, j)).some(Boolean);
  const footByte = byteOf("bytes_i", lfsr.sharing !== "single" ? name("i") : binary(name("i"), "&", decimal(3)));
  const drawn = stratified ? binary(footByte, "+", name("output_offset_i")) : footByte;

  return {
    name: "ssa_tile",
    header: [
      `SSA tile for one attention head of ${given.tokens} tokens and ${dimension} features. Column i serves query i, row j key and value j` +
        `${isBlockwise ? ` of a pass: ${passes.length} passes per step, each of ${tokens} queries and ${tokens} keys and values.` : "."}`,
      `One feature of all tokens enters per clock; last_i marks feature ${dimension - 1} of a window of ${dimension}. In the next window the tile ` +
        "emits A of these inputs, one feature per clock.",
      ...(isBlockwise
        ? [
            "The products of a window are the first of their queries while emit_first_i is 1, and the last while emit_last_i is 1: spikes leave only then.",
          ]
        : []),
      `Latency: feature f of A appears at spike_o ${dimension} + 1 clocks after feature f of Q, K and V entered: a window and the output register.`,
    ],
    ports: [
      ...CLOCKED,
      input("last_i"),
      input("query_i", tokens),
      input("key_i", tokens),
      input("value_i", tokens),
      ...(ordered ? [input("score_random_i", 8), input("output_random_i", 8)] : [input("bytes_i", 32 * registers)]),
      ...(stratified ? [input("score_offset_i", 8), input("output_offset_i", 8)] : []),
      ...(open ? [input("pass_i", passBits)] : []),
      ...(isBlockwise ? [input("emit_first_i"), input("emit_last_i")] : []),
      output("spike_o", tokens),
    ],
    items: [
      ...(open ?? maskItems(parameters)),
      ...wiring.items,
      ...(fifo === "row"
        ? [
            logic(tokens, "delayed"),
            loop("j", tokens, "gen_fifo", [
              fifoInstance("u_value_fifo", bit(name("value_i"), name("j")), bit(name("delayed"), name("j"))),
            ]),
            gap,
          ]
        : []),
      logic(tokens * tokens, "products"),
      loop("i", tokens, "gen_column", [
        loop("j", tokens, "gen_row", [
          guardCell(
            parameters,
            [
              logic(8, "cell_random"),
              wire(name("cell_random"), wiring.random),
              instance("ssa_cell", "u_cell", {
                ...clocked,
                last_i: name("last_i"),
                query_i: open
                  ? binary(bit(name("query_i"), name("i")), "&", openNow(tokens, passes.length))
                  : bit(name("query_i"), name("i")),
                key_i: bit(name("key_i"), name("j")),
                value_i: bit(name(fifo === "row" ? "delayed" : "value_i"), name("j")),
                random_i: name("cell_random"),
                product_o: bit(name("products"), cell),
              }),
            ],
            wire(bit(name("products"), cell), sized(1, 0)),
          ),
        ]),
        logic(8, "foot_random"),
        wire(name("foot_random"), ordered ? name("output_random_i") : drawn),
        instance("ssa_column_foot", "u_foot", {
          clk_i: name("clk_i"),
          ...(isBlockwise ? { first_i: name("emit_first_i"), last_i: name("emit_last_i") } : {}),
          products_i: part(name("products"), at, tokens),
          random_i: name("foot_random"),
          spike_o: bit(name("spike_o"), name("i")),
        }),
      ]),
      ...unusedBits("query_i", tokens, inColumn),
      ...unusedBits("key_i", tokens, inRow),
      ...(fifo === "cell" ? unusedBits("value_i", tokens, inRow) : unusedBits("delayed", tokens, inRow)),
      ...(ordered ? [] : unusedBits("bytes_i", 32 * registers, (n) => usedBytes(parameters).has(n >> 3))),
      ...(wiring.sources ? unusedBits("score_random", 8 * wiring.sources, (n) => wiring.used.has(n >> 3)) : []),
    ],
  };
}

/** One bit per cell and pass, passes side by side; null if all are 1. */
function passMasks(parameters: SsaParameters): Item[] | null {
  const { passes, tileTokens } = parameters.plan;
  const masks = passes.map((pass) => openInPass(parameters, pass));
  if (masks.every((mask) => mask.every((open) => open === 1))) return null;
  const [cells, count] = [tileTokens ** 2, passes.length];
  let bits = 0n;
  masks.forEach((mask, p) => {
    mask.forEach((open, cell) => {
      if (open) bits |= 1n << BigInt(cell * count + p);
    });
  });
  return [
    comment(`Bit ${count} (${tileTokens} i + j) + p is 1 where query i of pass p may attend to its key j.`),
    {
      kind: "constant",
      type: `logic [${cells * count - 1}:0]`,
      name: "OpenInPass",
      value: hex(cells * count, bits),
    },
    gap,
  ];
}

/** Whether cell (i, j) counts in the current pass. */
const openNow = (tileTokens: number, passes: number): Expression => {
  const cell = binary(times(tileTokens, "i"), "+", name("j"));
  const pass = concat(sized(32 - bitsFor(passes - 1), 0), name("pass_i"));
  return bit(name("OpenInPass"), binary(binary(decimal(passes), "*", cell), "+", pass));
};

/**
 * Source of a cell's byte, in terms of i and j; with stratified draws from bytes that include the offset, with ordered ones
 * from the engine.
 */
function cellWiring({ tokens, mask, draws, lfsr }: SsaParameters): {
  readonly items: Item[];
  readonly random: Expression;
  /** Bytes of `score_random`; 0 if it is not needed. */
  readonly sources: number;
  readonly used: ReadonlySet<number>;
} {
  const rows = 4 * Math.ceil(tokens / 4);
  const [i, j] = [name("i"), name("j")];
  const patterns: Record<
    typeof lfsr.sharing,
    { base: number; sources: number; index: Expression; other?: Expression }
  > = {
    "column-row": { base: 0, sources: tokens, index: i, other: byteOf("bytes_i", binary(decimal(rows), "+", j)) },
    column: { base: 0, sources: tokens, index: i },
    row: { base: rows, sources: tokens, index: j },
    cell: { base: rows, sources: tokens ** 2, index: binary(times(tokens, "i"), "+", j) },
    single: { base: 0, sources: 4, index: binary(binary(i, "+", j), "&", decimal(3)) },
  };
  const { base, sources, index, other } = patterns[lfsr.sharing];
  const mix = (source: Expression) => (other ? binary(source, "^", other) : source);
  if (draws === "ordered") return { items: [], random: name("score_random_i"), sources: 0, used: new Set() };
  if (draws === "independent") {
    const shiftedIndex = base === 0 ? index : binary(decimal(base), "+", index);
    return { items: [], random: mix(byteOf("bytes_i", shiftedIndex)), sources: 0, used: new Set() };
  }
  const byte = byteOf("bytes_i", base === 0 ? name("n") : binary(decimal(base), "+", name("n")));
  const { cell } = lfsrWiring(lfsr.sharing, tokens);
  const used = new Set<number>();
  mask.forEach((open, at) => {
    if (open) used.add(cell(Math.floor(at / tokens), at % tokens)[0] - base);
  });
  return {
    items: [
      comment("The offset of the time step is added to a byte once, before row and column bytes are combined."),
      logic(8 * sources, "score_random"),
      loop("n", sources, "gen_score_random", [
        wire(byteOf("score_random", name("n")), binary(byte, "+", name("score_offset_i"))),
      ]),
      gap,
    ],
    random: mix(byteOf("score_random", index)),
    sources,
    used,
  };
}

/** Bytes read by any foot, cell or offset adder. */
function usedBytes({ tokens, mask, draws, lfsr }: SsaParameters): ReadonlySet<number> {
  const { foot, cell } = lfsrWiring(lfsr.sharing, tokens);
  const used = new Set<number>();
  for (let i = 0; i < tokens; i++) {
    used.add(foot(i));
    for (let j = 0; j < tokens; j++) {
      const [a, b] = cell(i, j);
      const open = mask[i * tokens + j] === 1;
      // Every source has an offset adder, even one that no open cell reads.
      if (open || draws === "stratified") used.add(a);
      if (open && b !== undefined) used.add(b);
    }
  }
  if (lfsr.sharing === "single" && draws === "stratified") for (const n of [0, 1, 2, 3]) used.add(n);
  return used;
}

type MaskKind = "open" | "causal" | "table";

function maskKind({ tokens, mask }: SsaParameters): MaskKind {
  if (mask.every((open) => open === 1)) return "open";
  return mask.every((open, at) => open === (at % tokens <= Math.floor(at / tokens) ? 1 : 0)) ? "causal" : "table";
}

function maskItems(parameters: SsaParameters): Item[] {
  if (maskKind(parameters) !== "table") return [];
  const { tokens, mask } = parameters;
  let bits = 0n;
  mask.forEach((open, at) => {
    if (open) bits |= 1n << BigInt(at);
  });
  return [
    comment(`Bit ${tokens} i + j is 1 where query i may attend to key j.`),
    {
      kind: "constant",
      type: `logic [${tokens * tokens - 1}:0]`,
      name: "Mask",
      value: hex(tokens * tokens, bits),
    },
    gap,
  ];
}

/** A cell that the mask enables; closed ones are not built. */
function guardCell(parameters: SsaParameters, cell: Item[], closed: Item): Item {
  const kind = maskKind(parameters);
  const { tokens } = parameters;
  const below: BinaryOperator = "<=";
  const condition: Expression =
    kind === "open"
      ? sized(1, 1)
      : kind === "causal"
        ? binary(name("j"), below, name("i"))
        : bit(name("Mask"), binary(times(tokens, "i"), "+", name("j")));
  return { kind: "when", condition, label: "gen_cell", yes: cell, no: kind === "open" ? [] : [closed] };
}
