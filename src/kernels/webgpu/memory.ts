/**
 * The memory of the backend on a GPU, which holds a whole plan: a place is an offset in it, as in WebAssembly.
 */
import { type Place, TALLY_WORDS } from "../arena.ts";
import type { MemoryOps } from "../ops.ts";
import type { TrainingOps } from "../training-ops.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const FILL = eachItem("fill", { result: "place", value: "f32" }, "  store(call.result + at, call.value);");
const COPY = eachItem("copy", { first: "place", to: "place" }, "  storeWord(call.to + at, loadWord(call.first + at));");
const COPY_OUT = eachItem("copy to parts", { first: "place" }, "  parts[at] = loadWord(call.first + at);");
const COPY_IN = eachItem("copy from parts", { to: "place" }, "  storeWord(call.to + at, parts[at]);");

export interface GpuMemoryOps extends MemoryOps, Pick<TrainingOps, "read" | "sums" | "clearTallies"> {
  /** A copy of `count` words. */
  words(at: Place, count: number): Promise<Uint32Array>;
}

export function memoryOps(recorder: Recorder): GpuMemoryOps {
  const floats = async (at: Place, count: number) => new Float32Array((await recorder.read(at, count)).slice().buffer);
  return {
    write: (at, values) => {
      // Bytes up to the next whole word become 0.
      const bytes = new Uint8Array(4 * Math.ceil(values.byteLength / 4));
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      recorder.write(at, bytes);
    },
    read: floats,
    words: async (at, count) => (await recorder.read(at, count)).slice(),
    sums: async (at, count) => {
      const parts = await floats(at, TALLY_WORDS * count);
      return Float64Array.from({ length: count }, (_, i) => parts[2 * i] + parts[2 * i + 1]);
    },
    clearTallies: (at, count) => recorder.each(FILL, TALLY_WORDS * count, { result: at, value: 0 }),
    copy: (from, to, count) => {
      if (Math.abs(from - to) >= 4 * count) return recorder.each(COPY, count, { first: from, to });
      recorder.reserve(count);
      recorder.each(COPY_OUT, count, { first: from });
      recorder.each(COPY_IN, count, { to });
    },
    fill: (target, count, value) => recorder.each(FILL, count, { result: target, value }),
  };
}
