/** How often 95 % intervals of rates, paired differences and exits cover the truth, by chips and prompts (`simulated-errors.ts`). */
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, type Row, type Section, startClock } from "./harness.ts";
import { coverageOf, MEASURES, type Population } from "./simulated-errors.ts";

const SEED = 54;

/** Links and images with the spreads of recorded runs, and chips that differ three to five times as much. */
export const POPULATIONS = {
  "images, 0.3 %": { bits: false, rate: 0.003, prompts: 3, chips: 0.03 },
  "link, 1 %": { bits: true, rate: 0.01, prompts: 4, chips: 0.02 },
  "images, 2 %, uneven chips": { bits: false, rate: 0.02, prompts: 3, chips: 0.1 },
  "link, 6 %": { bits: true, rate: 0.06, prompts: 4, chips: 0.02 },
  "link, 20 %, uneven chips": { bits: true, rate: 0.2, prompts: 4, chips: 0.1 },
} as const satisfies Readonly<Record<string, Population>>;

const SIZES = [
  [1, 64],
  [2, 64],
  [5, 64],
  [10, 64],
  [2, 512],
  [5, 512],
  [10, 512],
  [1, 4096],
  [2, 4096],
  [10, 4096],
] as const;

export function intervalCoverage({ quick }: BenchOptions): Section {
  const rows: Row[] = [];
  for (const [chips, prompts] of quick ? SIZES.slice(0, 4) : SIZES) {
    const draws = quick ? 200 : 2000;
    for (const [name, population] of Object.entries(POPULATIONS)) {
      // The largest size takes as long as all others together.
      if (chips * prompts > 10_000 && population !== POPULATIONS["link, 6 %"]) continue;
      const random = stream(SEED).fork(name, chips, prompts);
      const elapsed = startClock();
      const found = coverageOf(population, chips, prompts, { draws, random });
      const { wall, cpu } = elapsed();
      const figures = MEASURES.flatMap((measure) => {
        const { covered, meanWidth } = found[measure];
        return [
          [`${measure}, %`, (100 * covered).toFixed(1)],
          [`${measure}, width`, meanWidth.toFixed(4)],
        ];
      });
      const sum = (count: "zero" | "past") => MEASURES.reduce((total, measure) => total + found[measure][count], 0);
      rows.push({
        name: `${chips} x ${prompts}: ${name}`,
        samples: { wall: [wall], cpu: [cpu] },
        figures: { ...Object.fromEntries(figures), "zero width": sum("zero"), "past the scale": sum("past") },
      });
    }
  }
  const about = `Share of ${quick ? 200 : 2000} draws whose interval holds the truth, and mean width; chips x prompts, seed ${SEED}.`;
  return { name: "interval-coverage", about, rows, notes: [] };
}
