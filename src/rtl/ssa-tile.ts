/** Generator of the SSA tile: N x N cells, N column feet, and the wiring of random bytes. */
import { lfsrWiring } from "../hardware/draws.ts";
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import { unusedBits } from "./encoder.ts";
import { cellsOf, openInPass, type TileSizes } from "./passes.ts";
import { fifoInstance } from "./ssa-cell.ts";
import * as sv from "./syntax.ts";

const byteOf = (bytes: sv.Signal, index: sv.Expression): sv.Expression =>
  sv.part(bytes, index.kind === "name" ? sv.times(8, index.name) : sv.binary(sv.decimal(8), "*", index), 8);

/** What a kind of tile adds to the array: its modules, and signals that its cells and feet take besides those of every tile. */
export interface TileKind {
  readonly name: string;
  readonly title: string;
  readonly cell: string;
  readonly foot: string;
  readonly inputs: readonly sv.Port[];
  readonly cellPorts: Readonly<Record<string, sv.Expression>>;
  readonly footPorts: Readonly<Record<string, sv.Expression>>;
  /** Before the array, before each cell, before each foot, and after the array. */
  readonly items?: readonly sv.Item[];
  readonly cellItems?: readonly sv.Item[];
  readonly footItems?: readonly sv.Item[];
  readonly unused?: readonly sv.Item[];
}

export function ssaTile(given: SsaParameters): sv.Module {
  const { tileTokens } = given.plan;
  const parameters: SsaParameters = { ...given, tokens: tileTokens, mask: cellsOf(given) };
  const { tokens, draws, lfsr } = parameters;
  const { registers } = lfsrWiring(lfsr.sharing, tokens);
  const ordered = draws === "ordered";
  const inputs = [
    ...(ordered
      ? [sv.input("score_random_i", 8), sv.input("output_random_i", 8)]
      : [sv.input("bytes_i", 32 * registers)]),
    ...(draws === "stratified" ? [sv.input("score_offset_i", 8), sv.input("output_offset_i", 8)] : []),
  ];
  const s = sv.signals(inputs, [sv.logic(8, "cell_random"), sv.logic(8, "foot_random")]);
  const wiring = cellWiring(parameters, s);
  const footByte = byteOf(
    s.bytes_i,
    lfsr.sharing !== "single" ? sv.name("i") : sv.binary(sv.name("i"), "&", sv.decimal(3)),
  );
  const drawn = draws === "stratified" ? sv.binary(footByte, "+", s.output_offset_i) : footByte;
  return tileModule(given, {
    name: "ssa_tile",
    title: "SSA tile",
    cell: "ssa_cell",
    foot: "ssa_column_foot",
    inputs,
    items: wiring.items,
    cellItems: [sv.declare(s.cell_random), sv.wire(s.cell_random, wiring.random)],
    footItems: [sv.declare(s.foot_random), sv.wire(s.foot_random, ordered ? s.output_random_i : drawn)],
    unused: [...(ordered ? [] : unusedBits(s.bytes_i, (n) => usedBytes(parameters).has(n >> 3))), ...wiring.unused],
    cellPorts: { random_i: s.cell_random },
    footPorts: { random_i: s.foot_random },
  });
}

/** N x N cells that the mask enables, N feet, and the FIFOs of values. */
export function tileModule(given: TileSizes, kind: TileKind): sv.Module {
  const { passes, tileTokens } = given.plan;
  // The cells of the tile; with several passes they are not those of one mask.
  const parameters: TileSizes = { ...given, tokens: tileTokens, mask: cellsOf(given) };
  const { tokens, dimension, mask, fifo } = parameters;
  const isBlockwise = passes.length > 1;
  const open = isBlockwise ? passMasks(given) : null;
  const table = open ?? maskOf(parameters);
  const passBits = bitsFor(passes.length - 1);
  const at = sv.plus(sv.times(tokens, "i"), 0);
  const cell = sv.binary(at, "+", sv.name("j"));
  const isOpen = (i: number, j: number) => mask[i * tokens + j] === 1;
  const inRow = (j: number) => Array.from({ length: tokens }, (_, i) => isOpen(i, j)).some(Boolean);
  const inColumn = (i: number) => Array.from({ length: tokens }, (_, j) => isOpen(i, j)).some(Boolean);
  const ports = [
    ...sv.CLOCKED,
    sv.input("last_i"),
    sv.input("query_i", tokens),
    sv.input("key_i", tokens),
    sv.input("value_i", tokens),
    ...kind.inputs,
    ...(open ? [sv.input("pass_i", passBits)] : []),
    ...(isBlockwise ? [sv.input("emit_first_i"), sv.input("emit_last_i")] : []),
    sv.output("spike_o", tokens),
  ] as const;
  const s = sv.signals(ports, [sv.logic(tokens, "delayed"), sv.logic(tokens * tokens, "products")]);
  return {
    name: kind.name,
    header: [
      `${kind.title} for one attention head of ${given.tokens} tokens and ${dimension} features. Column i serves query i, row j key and value j` +
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
    ports,
    items: [
      ...(table ? [sv.comment(table.comment), table.mask, sv.gap] : []),
      ...(kind.items ?? []),
      ...(fifo === "row"
        ? [
            sv.declare(s.delayed),
            sv.loop("j", tokens, "gen_fifo", [
              fifoInstance("u_value_fifo", sv.bit(s.value_i, sv.name("j")), sv.bit(s.delayed, sv.name("j"))),
            ]),
            sv.gap,
          ]
        : []),
      sv.declare(s.products),
      sv.loop("i", tokens, "gen_column", [
        sv.loop("j", tokens, "gen_row", [
          guardCell(
            parameters,
            table,
            [
              ...(kind.cellItems ?? []),
              sv.instance(kind.cell, "u_cell", {
                ...sv.CLOCKS,
                last_i: s.last_i,
                query_i: open
                  ? sv.binary(
                      sv.bit(s.query_i, sv.name("i")),
                      "&",
                      openNow(open.mask.signals[0], tokens, passes.length, s.pass_i),
                    )
                  : sv.bit(s.query_i, sv.name("i")),
                key_i: sv.bit(s.key_i, sv.name("j")),
                value_i: sv.bit(fifo === "row" ? s.delayed : s.value_i, sv.name("j")),
                ...kind.cellPorts,
                product_o: sv.bit(s.products, cell),
              }),
            ],
            sv.wire(sv.bit(s.products, cell), sv.sized(1, 0)),
          ),
        ]),
        ...(kind.footItems ?? []),
        sv.instance(kind.foot, "u_foot", {
          clk_i: s.clk_i,
          ...(isBlockwise ? { first_i: s.emit_first_i, last_i: s.emit_last_i } : {}),
          products_i: sv.part(s.products, at, tokens),
          ...kind.footPorts,
          spike_o: sv.bit(s.spike_o, sv.name("i")),
        }),
      ]),
      ...unusedBits(s.query_i, inColumn),
      ...unusedBits(s.key_i, inRow),
      ...unusedBits(fifo === "cell" ? s.value_i : s.delayed, inRow),
      ...(kind.unused ?? []),
    ],
  };
}

/** A constant with a bit per cell. */
interface MaskTable {
  readonly comment: string;
  readonly mask: sv.Declaration;
}

/** One bit per cell and pass, passes side by side; null if all are 1. */
function passMasks(parameters: TileSizes): MaskTable | null {
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
  return {
    comment: `Bit ${count} (${tileTokens} i + j) + p is 1 where query i of pass p may attend to its key j.`,
    mask: sv.constant("OpenInPass", cells * count, sv.hex(cells * count, bits)),
  };
}

/** Whether cell (i, j) counts in the current pass. */
const openNow = (mask: sv.Signal, tileTokens: number, passes: number, current: sv.Signal): sv.Expression => {
  const cell = sv.binary(sv.times(tileTokens, "i"), "+", sv.name("j"));
  const pass = sv.widen(current, current.width!, 32);
  return sv.bit(mask, sv.binary(sv.binary(sv.decimal(passes), "*", cell), "+", pass));
};

/**
 * Source of a cell's byte, in terms of i and j; with stratified draws from bytes that include the offset, with ordered ones
 * from the engine.
 */
function cellWiring(
  { tokens, mask, draws, lfsr }: SsaParameters,
  s: sv.Signals<"bytes_i" | "score_random_i" | "score_offset_i">,
): { readonly items: sv.Item[]; readonly random: sv.Expression; readonly unused: sv.Item[] } {
  const rows = 4 * Math.ceil(tokens / 4);
  const [i, j] = [sv.name("i"), sv.name("j")];
  const patterns: Record<
    typeof lfsr.sharing,
    { base: number; sources: number; index: sv.Expression; other?: sv.Expression }
  > = {
    "column-row": { base: 0, sources: tokens, index: i, other: byteOf(s.bytes_i, sv.binary(sv.decimal(rows), "+", j)) },
    column: { base: 0, sources: tokens, index: i },
    row: { base: rows, sources: tokens, index: j },
    cell: { base: rows, sources: tokens ** 2, index: sv.binary(sv.times(tokens, "i"), "+", j) },
    single: { base: 0, sources: 4, index: sv.binary(sv.binary(i, "+", j), "&", sv.decimal(3)) },
  };
  const { base, sources, index, other } = patterns[lfsr.sharing];
  const mix = (source: sv.Expression) => (other ? sv.binary(source, "^", other) : source);
  if (draws === "ordered") return { items: [], random: s.score_random_i, unused: [] };
  if (draws === "independent") {
    const shiftedIndex = base === 0 ? index : sv.binary(sv.decimal(base), "+", index);
    return { items: [], random: mix(byteOf(s.bytes_i, shiftedIndex)), unused: [] };
  }
  const byte = byteOf(s.bytes_i, base === 0 ? sv.name("n") : sv.binary(sv.decimal(base), "+", sv.name("n")));
  const { cell } = lfsrWiring(lfsr.sharing, tokens);
  const used = new Set<number>();
  mask.forEach((open, at) => {
    if (open) used.add(cell(Math.floor(at / tokens), at % tokens)[0] - base);
  });
  const random = sv.signal("score_random", 8 * sources);
  return {
    items: [
      sv.comment("The offset of the time step is added to a byte once, before row and column bytes are combined."),
      sv.declare(random),
      sv.loop("n", sources, "gen_score_random", [
        sv.wire(byteOf(random, sv.name("n")), sv.binary(byte, "+", s.score_offset_i)),
      ]),
      sv.gap,
    ],
    random: mix(byteOf(random, index)),
    unused: unusedBits(random, (n) => used.has(n >> 3)),
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

function maskKind({ tokens, mask }: TileSizes): MaskKind {
  if (mask.every((open) => open === 1)) return "open";
  return mask.every((open, at) => open === (at % tokens <= Math.floor(at / tokens) ? 1 : 0)) ? "causal" : "table";
}

function maskOf(parameters: TileSizes): MaskTable | null {
  if (maskKind(parameters) !== "table") return null;
  const { tokens, mask } = parameters;
  let bits = 0n;
  mask.forEach((open, at) => {
    if (open) bits |= 1n << BigInt(at);
  });
  return {
    comment: `Bit ${tokens} i + j is 1 where query i may attend to key j.`,
    mask: sv.constant("Mask", tokens * tokens, sv.hex(tokens * tokens, bits)),
  };
}

/** A cell that the mask enables; closed ones are not built. */
function guardCell(parameters: TileSizes, table: MaskTable | null, cell: sv.Item[], closed: sv.Item): sv.Item {
  const kind = maskKind(parameters);
  const cellOf = sv.binary(sv.times(parameters.tokens, "i"), "+", sv.name("j"));
  const condition: Record<MaskKind, () => sv.Expression> = {
    open: () => sv.sized(1, 1),
    causal: () => sv.binary(sv.name("j"), "<=", sv.name("i")),
    table: () => sv.bit(table!.mask.signals[0], cellOf),
  };
  return {
    kind: "when",
    condition: condition[kind](),
    label: "gen_cell",
    yes: cell,
    no: kind === "open" ? [] : [closed],
  };
}
