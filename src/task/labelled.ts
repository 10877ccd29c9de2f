/**
 * Which labelled item a prompt is. Training goes through the data epoch by epoch, each epoch in a new order, so that every item
 * is seen once per epoch; the other parts are used in their given order.
 */
import { epochOrder } from "../data/augment.ts";
import type { LabelledData, PartedData } from "../data/labelled.ts";
import { ShapeError, SpecError, ValueError } from "../errors.ts";
import type { Stream } from "../numeric/stream.ts";
import type { DataPlace } from "./task.ts";

interface Counted {
  readonly count: number;
}

export interface Located<S extends Counted> {
  readonly set: S;
  readonly index: number;
  /** For training; null when data are used in their given order. */
  readonly epoch: number | null;
}

export type Locate<S extends Counted> = (from: DataPlace, prompt: number, firstPrompt: number) => Located<S>;

/** Finds prompt k of a batch. Random: for training, an order for each epoch, as `epochOrder` with the place's stream. */
export function locateIn<S extends Counted>(data: PartedData<S>): Locate<S> {
  const { count } = data.train;
  const orders = keepEpochs(count);
  return (from, prompt, firstPrompt) => {
    if (from.part === "training") {
      const number = from.position + prompt;
      const epoch = Math.floor(number / count);
      return { set: data.train, index: orders(from.order, epoch)[number % count], epoch };
    }
    const set = from.part === "calibration" ? data.train : data[from.part];
    return { set, index: firstPrompt + prompt, epoch: null };
  };
}

/** The order of the last two epochs requested: a batch may contain the end of one and the start of the next. */
function keepEpochs(count: number): (order: Stream, epoch: number) => Uint32Array {
  const kept = new Map<string, Uint32Array>();
  return (order, epoch) => {
    const key = `${order.key} ${epoch}`;
    let indices = kept.get(key);
    if (!indices) {
      indices = epochOrder(count, epoch, order);
      const [oldest] = kept.keys();
      if (kept.size >= 2) kept.delete(oldest);
      kept.set(key, indices);
    }
    return indices;
  };
}

/**
 * `things` names the items, such as "Images".
 * Throws  ValueError when a part that is used once has fewer items than requested; SpecError when it calibrates chips
 */
export function requireCountOf(
  data: PartedData,
  { part }: DataPlace,
  firstPrompt: number,
  prompts: number,
  things: string,
): void {
  if (part === "training") return;
  const { count } = part === "calibration" ? data.train : data[part];
  const needed = firstPrompt + prompts;
  if (needed <= count) return;
  const name = things.toLowerCase();
  if (part === "calibration") {
    const kept = data.validation.count;
    throw new SpecError(
      "task.data",
      `Chips calibrate their converters on ${needed} training ${name} or more, but of the ${count + kept} of ${data.name}, ${kept} are ` +
        `kept for validation: ${count + kept} - ${kept} = ${count}. Add ${needed - count} or more ${name} for training.`,
    );
  }
  throw new ValueError(
    "prompts",
    `${things} ${firstPrompt} .. ${firstPrompt + prompts - 1} were requested, but the ${part} part of ${data.name} ` +
      `has ${count}. Request at most ${count}.`,
  );
}

/** Throws ShapeError, naming `things` and the part, when a size of the data differs from the spec. */
export function requireSizes(data: LabelledData, sizes: Readonly<Record<string, number>>, things: string): void {
  for (const part of ["train", "validation", "test"] as const) {
    const given: Readonly<Record<string, unknown>> = { ...data[part], classes: data[part].classes.length };
    for (const [field, size] of Object.entries(sizes)) {
      if (given[field] === size) continue;
      throw new ShapeError(
        `${things}.${part}`,
        `The ${things} have ${field} ${given[field]}, but task.data says ${size}. Use ${things} of that size, or change the sizes in task.data.`,
      );
    }
  }
}
