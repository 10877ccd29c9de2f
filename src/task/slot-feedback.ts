/**
 * Decision feedback on slots: after a first pass, the data elements decided most surely become context of a second one, which detects the
 * remaining data again.
 *
 *   reliability   of an element: the least |LLR| of its bits; the `count` largest are chosen, the earlier of equals
 *   prompt        pilots (y, x, place), chosen elements (y, decided x, place), the rest (y, place): as many tokens as before, and all
 *                 attend to the first P + count. Tokens carry their place, so that any order is the same to a network
 *   value gain    times P / (P + count), to the nearest power of two, a shift: sums over values grow with what a token attends to, and the
 *                 network was trained on sums over P
 *   answer        the chosen elements keep their LLRs, the rest take those of the second pass
 *
 * The machine is the same but for a second mask of its attention units and a second shift. A wrong decision misleads all that attend to it.
 * Not modelled: soft symbols, and LLRs of the decoder.
 *
 * Source  DEFINED (arXiv 2503.16594), which detects a prompt's symbols one after another
 */
import { SpecError } from "../errors.ts";
import type { AttentionSpec } from "../experiment/attention.ts";
import type { ModelSpec } from "../experiment/model.ts";
import { bitsPerClass } from "../experiment/modulation.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { Geometry } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import { antennaSymbols } from "./link.ts";
import { type SlotBatch, type SlotDetectionTask, slotTokens } from "./slot-detection.ts";
import type { DrawOptions } from "./task.ts";

/**
 * Throws  SpecError when decided symbols cannot take the place of pilots, or when nothing is left to detect
 */
export function requireFeedback({ modulation }: SlotDetectionSpec, { data }: SlotDetectionTask["grid"], count: number) {
  if (count > 0 && modulation !== "qpsk") {
    throw new SpecError(
      "evaluation.coded.feedback",
      `Decided symbols take the place of pilots, which are QPSK, but the data are ${modulation}. Set task.modulation to \`qpsk\`, or feedback to 0.`,
    );
  }
  if (count >= data.length) {
    throw new SpecError(
      "evaluation.coded.feedback",
      `A slot has ${data.length} data elements, and with ${count} as pilots none is left to detect again. Use at most ${data.length - 1}.`,
    );
  }
}

/** The network as it serves the second pass: the same weights, with another mask and gain. */
export function feedbackNetwork<M extends ModelSpec>(network: Network<M>, count: number): Network<M> {
  const { geometry, model } = network;
  const { tokens, queries } = geometry;
  const pilots = tokens - queries.length;
  return { ...network, model: withGain(model, pilots / (pilots + count)), geometry: feedbackGeometry(geometry, count) };
}

export function feedbackGeometry(geometry: Geometry, count: number): Geometry {
  const { tokens, queries } = geometry;
  const attended = tokens - queries.length + count;
  return { ...geometry, mask: Uint8Array.from({ length: tokens ** 2 }, (_, i) => (i % tokens < attended ? 1 : 0)) };
}

/** Of attention without a value gain, such as softmax, which normalises its weights, nothing changes. */
function withGain<M extends ModelSpec>(model: M, share: number): M {
  if (model.kind === "ann") return model;
  const gained = (attention: AttentionSpec): AttentionSpec => {
    if (!("valueGain" in attention)) return attention;
    return { ...attention, valueGain: Math.max(1, attention.valueGain * 2 ** Math.round(Math.log2(share))) };
  };
  const attention = gained(model.attention);
  if (model.kind === "spiking") return { ...model, attention };
  const operations = model.operations.map((listed) =>
    listed.kind === "attention" && listed.attention ? { ...listed, attention: gained(listed.attention) } : listed,
  );
  return { ...model, attention, operations };
}

export interface SlotFeedback {
  /** Prompts of the second pass. */
  readonly batch: SlotBatch;
  /** LLRs of both passes, in the order of the first, from those of the second, in the order of its tokens. */
  merge(second: ArrayLike<number>): Float64Array;
}

/**
 * The second pass after LLRs of the first, `[prompts, data elements, bits]`.
 * Throws  as `requireFeedback`
 */
export function slotFeedback(
  task: SlotDetectionTask,
  first: Pick<SlotBatch, "slots" | "snrDecibels">,
  ratios: ArrayLike<number>,
  count: number,
  options: DrawOptions = {},
): SlotFeedback {
  const { spec, grid } = task;
  requireFeedback(spec, grid, count);
  const bits = bitsPerClass(spec);
  const elements = grid.data.length;
  const antennas = Array.from({ length: spec.transmitAntennas }, (_, a) => a);
  const points = antennaSymbols(spec);
  const pilots = slotTokens(grid).filter((token) => token.antennas.length > 0);
  const orders = first.slots.map((_, k) => orderOf(ratios, k * elements, elements, bits, count));
  const slots = first.slots.map((slot, k) => {
    const sent = slot.sent.slice();
    for (const i of orders[k].slice(0, count)) {
      for (const a of antennas) {
        const at = (k * elements + i) * bits + 2 * a;
        const word = (ratios[at] < 0 ? 2 : 0) + (ratios[at + 1] < 0 ? 1 : 0);
        sent.set(points.subarray(2 * word, 2 * word + 2), 2 * (grid.data[i] * antennas.length + a));
      }
    }
    return { ...slot, sent };
  });
  const tokens = (k: number) => [
    ...pilots,
    ...orders[k].map((i, place) => ({ element: grid.data[i], antennas: place < count ? antennas : [] })),
  ];
  return {
    batch: task.prompts(slots, first.snrDecibels, { ...options, tokens }),
    merge: (second) => {
      const merged = Float64Array.from(ratios);
      orders.forEach((order, k) => {
        for (let place = count; place < elements; place++) {
          for (let bit = 0; bit < bits; bit++) {
            merged[(k * elements + order[place]) * bits + bit] = second[(k * elements + place) * bits + bit];
          }
        }
      });
      return merged;
    },
  };
}

/** Data elements of one slot: the `count` most reliable, then the rest, each in the order of the grid. */
function orderOf(ratios: ArrayLike<number>, from: number, elements: number, bits: number, count: number): number[] {
  const all = Array.from({ length: elements }, (_, i) => i);
  const reliabilities = all.map((i) => {
    const own = Array.from({ length: bits }, (_, bit) => Math.abs(ratios[(from + i) * bits + bit]));
    return Math.min(...own);
  });
  const ranked = all.toSorted((i, j) => reliabilities[j] - reliabilities[i] || i - j);
  const chosen = new Set(ranked.slice(0, count));
  return [...all.filter((i) => chosen.has(i)), ...all.filter((i) => !chosen.has(i))];
}
