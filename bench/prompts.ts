/** Generates prompts for symbol detection, with and without the exact posteriors that training adds as targets. */
import { symbolDetectionSpec } from "../src/experiment/task.ts";
import { stream } from "../src/numeric/stream.ts";
import { symbolDetection } from "../src/task/symbol-detection.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";

const PROMPTS = 128;
const STEPS = 4;

export async function prompts({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const antennas of quick ? [2] : [2, 4]) {
    for (const coding of ["bits", "bernoulli"] as const) {
      const size = { transmitAntennas: antennas, receiveAntennas: antennas };
      const task = symbolDetection(symbolDetectionSpec.parse({ ...size, coding }), STEPS);
      for (const targets of ["symbols", "posterior"] as const) {
        let batch = 0;
        const draw = () => task.draw(PROMPTS, stream(1).fork(batch++), { targets, values: false });
        const samples = await measure(draw, { repeats: quick ? 3 : 9, minimumMilliseconds: 50 });
        const figures = { "prompts/s": (1000 * PROMPTS) / median(samples.cpu) };
        rows.push({ name: `${antennas} x ${antennas}, ${coding}, ${targets}`, samples, figures });
      }
    }
  }
  const about = `${PROMPTS} prompts of 18 pilots, QPSK, as spikes over ${STEPS} steps, one thread.`;
  return { name: "prompts", about, rows, notes: [] };
}
