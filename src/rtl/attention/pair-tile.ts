/** Generators of the pair tile (`hardware/attention/pair-tile.ts`): the SSA tile's array with other decisions, and neurons at its feet. */
import { MappingError } from "../../errors.ts";
import type { AttentionNeurons } from "../../hardware/attention/neurons.ts";
import type { PairTile } from "../../hardware/attention/pair-tile.ts";
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import { unusedBits } from "../encoder.ts";
import { blocksOf, type TileSizes } from "../passes.ts";
import { type CellDecision, tileCell, valueFifo } from "../ssa-cell.ts";
import { adderTree } from "../ssa-column-foot.ts";
import { MAX_STEPS, tileEngine } from "../ssa-engine.ts";
import { tileModule } from "../ssa-tile.ts";
import * as sv from "../syntax.ts";
import { attentionNeuron, membraneRegister, requireWhole } from "./neuron.ts";

/** Name of the top module of every unit with neurons. */
export const ATTENTION_ENGINE = "attention_engine";
const [SCORE_NEURON, OUTPUT_NEURON] = ["score_neuron", "output_neuron"];

/** Leaves first. Throws MappingError for a tile whose cells pass counts on. */
export function pairTileModules(tile: PairTile, fifo: TileSizes["fifo"], heads: number): sv.Module[] {
  const { decision, outputNeurons, dimension } = tile;
  const sizes: TileSizes = { ...tile, fifo };
  const neurons = decision.by === "neurons";
  requireWhole(outputNeurons.neurons);
  if (decision.by === "neurons") requireWhole(decision.group.neurons);
  const [rest, fires, footRest] = [sv.input("rest_i"), sv.input("fires_i"), sv.input("foot_rest_i")];
  return [
    valueFifo(tile),
    ...(decision.by === "neurons" ? [attentionNeuron(SCORE_NEURON, decision.group.neurons, bitsFor(dimension))] : []),
    pairCell(tile, fifo),
    attentionNeuron(OUTPUT_NEURON, outputNeurons.neurons, bitsFor(largestSum(tile))),
    pairFoot(tile),
    tileModule(sizes, {
      name: "pair_tile",
      title: "Pair tile",
      cell: "pair_cell",
      foot: "pair_foot",
      inputs: [...(neurons ? [rest] : []), fires, footRest],
      cellPorts: neurons ? { rest_i: rest } : {},
      footPorts: { fires_i: fires, rest_i: footRest },
    }),
    tileEngine(sizes, heads, {
      name: ATTENTION_ENGINE,
      title: "Engine of pair tiles",
      tile: "pair_tile",
      steps: outputNeurons.neurons.steps ?? MAX_STEPS,
      random: null,
      neurons: { cells: neurons, feet: true },
    }),
  ];
}

/** Most ones in a column's sum: cells of the query with the most open pairs. */
function largestSum({ tokens, mask }: PairTile): number {
  const open = Array.from({ length: tokens }, (_, i) =>
    mask.subarray(i * tokens, (i + 1) * tokens).reduce((sum, bit) => sum + bit, 0),
  );
  return Math.max(1, ...open);
}

function pairCell(tile: PairTile, fifo: TileSizes["fifo"]): sv.Module {
  const { counterBits, dimension, decision, plan } = tile;
  const decided = {
    cut: (cut: number) => `compared with ${cut}`,
    neurons: (turns: number) =>
      `taken by a neuron, whose membrane waits here for the next step${turns > 1 ? `, one for each of ${turns} passes` : ""}`,
  };
  const how = decision.by === "cut" ? decided.cut(decision.cut) : decided.neurons(plan.passes.length);
  return tileCell(
    { counterBits, fifo },
    {
      name: "pair_cell",
      header: [
        "Cell (i, j) of a pair tile: one score bit of query i and key j, and its product with value j.",
        `Counts query_i & key_i over ${dimension} clocks. At the clock of last_i the count, including that clock's bit, is ${how}; the score is held ` +
          "for the next window, in which it gates value j, delayed by one window.",
        "Latency: a score is held from the clock after last_i on; product_o is combinational.",
      ],
      saturates: false,
      decide: (count) => decisionOf(tile, count),
    },
  );
}

function decisionOf({ decision, dimension, counterBits, plan }: PairTile, count: sv.Signal): CellDecision {
  switch (decision.by) {
    case "count":
      throw new MappingError(
        "model.attention.kind",
        "Cells that pass counts on need adders of several bits, which are not generated.",
      );
    case "cut": {
      const { cut } = decision;
      const fires = cut > dimension ? sv.sized(1, 0) : sv.binary(count, ">=", sv.sized(counterBits, cut));
      return { inputs: [], items: [], fires, decided: [] };
    }
    case "neurons":
      return neuronDecision(decision.group.neurons, bitsFor(dimension), plan.passes.length, count);
  }
}

function neuronDecision(neurons: AttentionNeurons, bits: number, turns: number, count: sv.Signal): CellDecision {
  const rest = sv.input("rest_i");
  const membranes = membraneRegister(turns, neurons.membraneBits);
  const s = sv.signals([], [sv.logic(1, "fires"), sv.logic(neurons.membraneBits, "membrane_d")]);
  return {
    inputs: [rest],
    items: [
      sv.declare(s.fires),
      sv.declare(s.membrane_d),
      sv.declare(membranes.register),
      sv.instance(SCORE_NEURON, "u_neuron", {
        rest_i: rest,
        count_i: bits === count.width ? count : sv.slice(count, bits - 1, 0),
        membrane_i: membranes.first,
        fires_o: s.fires,
        membrane_o: s.membrane_d,
      }),
    ],
    fires: s.fires,
    decided: [membranes.next(s.membrane_d)],
  };
}

function pairFoot(tile: PairTile): sv.Module {
  const { tokens, dimension, plan, outputNeurons } = tile;
  const { membraneBits } = outputNeurons.neurons;
  const isPartial = plan.passes.length > 1;
  const places = dimension * blocksOf(plan);
  const ports = [
    sv.CLOCK,
    ...(isPartial ? [sv.input("first_i"), sv.input("last_i")] : []),
    sv.input("products_i", plan.tileTokens),
    sv.input("fires_i"),
    sv.input("rest_i"),
    sv.output("spike_o"),
  ] as const;
  const { products_i: products } = sv.signals(ports);
  const { items, sum } = adderTree(products);
  const sumBits = sum.width!;
  const totalBits = isPartial ? Math.max(sumBits, bitsFor(tokens)) : sumBits;
  const countBits = bitsFor(largestSum(tile));
  const kept = dimension * totalBits;
  const membranes = membraneRegister(places, membraneBits);
  const declared = [sv.logic(1, "fires"), sv.logic(membraneBits, "membrane_d")];
  const s = sv.signals(ports, [...declared, sv.logic(kept, "partials_q"), sv.logic(totalBits, "carried", "total")]);
  const total = isPartial ? s.total : sum;
  return {
    name: "pair_foot",
    header: [
      "Foot of a column: adds the products of one query over all keys, and a neuron for each feature emits one bit of A per clock.",
      ...(isPartial
        ? [
            `Keys arrive block by block: while last_i is 0 the sums are partial; those of all ${dimension} features circulate and are added to the next window's, unless first_i is 1.`,
          ]
        : []),
      `The membranes of ${places} neurons take turns in a register, one for each feature${isPartial ? " of each block of queries" : ""}. fires_i marks products of a time step, rest_i those of the first.`,
      `Latency: one register, spike_o, which changes with fires_i${isPartial ? " while last_i is 1" : ""}.`,
    ],
    ports,
    items: [
      ...items,
      sv.gap,
      ...(isPartial
        ? [
            sv.declare(s.partials_q),
            sv.declare(s.carried, s.total),
            sv.wire(
              s.carried,
              sv.choose(s.first_i, sv.sized(totalBits, 0), sv.slice(s.partials_q, kept - 1, kept - totalBits)),
            ),
            sv.wire(s.total, sv.binary(sv.widen(sum, sumBits, totalBits), "+", s.carried)),
            sv.clocked(sv.set(s.partials_q, sv.concat(sv.slice(s.partials_q, kept - totalBits - 1, 0), s.total))),
            sv.gap,
          ]
        : []),
      ...declared,
      sv.declare(membranes.register),
      sv.instance(OUTPUT_NEURON, "u_neuron", {
        rest_i: s.rest_i,
        count_i: countBits === totalBits ? total : sv.slice(total, countBits - 1, 0),
        membrane_i: membranes.first,
        fires_o: s.fires,
        membrane_o: s.membrane_d,
      }),
      ...(isPartial ? [] : unusedBits(sum, (bit) => bit < countBits)),
      sv.clocked(
        sv.when(isPartial ? sv.binary(s.fires_i, "&", s.last_i) : s.fires_i, [
          sv.set(s.spike_o, s.fires),
          membranes.next(s.membrane_d),
        ]),
      ),
    ],
  };
}
