/**
 * Programming and reading crossbars of phase-change memory: the cost of a chip before its first input, and at every age.
 *
 * The devices as chips use them are compared with scalar versions that compute one number at a time (`scalarMath`): the
 * same formulas, the same bits.
 */
import { deviceOfCrossbar } from "../src/device/catalogue.ts";
import { crossbarSpec } from "../src/experiment/hardware.ts";
import { type ProgrammedCrossbar, programCrossbar, readCrossbar } from "../src/hardware/crossbar.ts";
import { kernelMath } from "../src/kernels/array-math.ts";
import { scalarMath } from "../src/numeric/array-math.ts";
import { stream } from "../src/numeric/stream.ts";
import { type BenchOptions, measure, median, type Row, type Samples, type Section } from "./harness.ts";
import { requireSameWork } from "./same-work.ts";

const SIZE = 128;
const YEAR = 31_557_600;

export async function programming({ quick }: BenchOptions): Promise<Section> {
  const crossbars = quick ? 4 : 32;
  const devices = crossbars * 2 * SIZE * SIZE;
  const spec = crossbarSpec.parse({ rows: SIZE, columns: SIZE, device: { kind: "pcm" } });
  const random = stream(1);
  const weights = Float32Array.from({ length: SIZE * SIZE }, () => 0.1 * random.normal());
  const rows: Row[] = [];
  const add = (name: string, samples: Samples) =>
    rows.push({ name, samples, figures: { "ns a device": (1e6 * median(samples.cpu)) / devices } });

  const ways = { kernels: kernelMath, "one by one": scalarMath };
  const [kernels, oneByOne] = Object.entries(ways).map(([name, math]) => {
    const device = deviceOfCrossbar(spec, math);
    const programmed = programCrossbar(weights, SIZE, SIZE, spec, device, stream(0));
    const { plus, minus } = readCrossbar(programmed, device, YEAR, stream(0));
    return { name, work: { plus, minus } };
  });
  requireSameWork("a crossbar after 1 year", kernels, oneByOne);
  for (const [name, math] of Object.entries(ways)) {
    const device = deviceOfCrossbar(spec, math);
    const programmed: ProgrammedCrossbar[] = [];
    const repeats = { repeats: quick ? 3 : 9 };
    const program = () => {
      for (let c = 0; c < crossbars; c++) programmed[c] = programCrossbar(weights, SIZE, SIZE, spec, device, stream(c));
    };
    add(`program, ${name}`, await measure(program, repeats));
    for (const [age, time] of [
      ["1 s", 1],
      ["1 year", YEAR],
    ] as const) {
      const read = () => {
        for (let c = 0; c < crossbars; c++) readCrossbar(programmed[c], device, time, stream(c));
      };
      add(`read after ${age}, ${name}`, await measure(read, repeats));
    }
  }
  return {
    name: "programming",
    about: `${crossbars} crossbars of ${SIZE} x ${SIZE} pairs of phase-change memory, 16 levels of conductance, one thread.`,
    rows,
    notes: [],
  };
}
