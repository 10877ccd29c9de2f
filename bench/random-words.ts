/** Random words: the kernel that draws many at once, and the stream that it equals bit for bit, one word at a time. */
import { standaloneKernels } from "../src/kernels/memory.ts";
import { streamOfKey } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";
import { requireSameWork } from "./same-work.ts";

/** Typical numbers of draws per call: a block of output noise, a row of attention with 64 and with 32 features, four weights. */
const COUNTS = [4096, 256, 64, 32, 8];
/** Words per measured call, so that the clock itself is not measured. */
const WORDS = 1 << 16;

export async function randomWords({ quick }: BenchOptions): Promise<Section> {
  const options = { repeats: quick ? 5 : 25 };
  const { kernels, arena } = standaloneKernels(1 << 16);
  const out = arena.words(COUNTS[0]);
  const random = streamOfKey(1, 2);
  let last = 0;
  const oneByOne = await measure(() => {
    random.position = 0;
    for (let i = 0; i < WORDS; i++) last = random.word();
  }, options);
  const rows = [row("the stream, one by one", oneByOne)];
  for (const count of COUNTS) {
    const draw = () => {
      for (let first = 0; first < WORDS; first += count) kernels.run.drawWords(1, 2, first >> 1, 0, count, out);
    };
    const samples = await measure(draw, options);
    requireSameWork(
      `${count} words a call`,
      { name: "the stream", work: { "last word": last } },
      { name: "the kernel", work: { "last word": kernels.u32[out / 4 + count - 1] } },
    );
    rows.push(row(`the kernel, ${count} a call`, samples));
  }
  return { name: "random-words", about: "words of Threefry-2x32-20, one thread.", rows, notes: [] };
}

const row = (name: string, samples: Row["samples"]): Row => ({
  name,
  samples,
  figures: {
    "ns a word": (1e6 * median(samples.cpu)) / WORDS,
    fastest: (1e6 * Math.min(...samples.cpu)) / WORDS,
  },
});
