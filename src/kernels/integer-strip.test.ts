// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { adcSpec } from "../experiment/hardware.ts";
import { convertColumns, converter } from "../hardware/adc.ts";
import { convertWithErrors, drawConversionNoise, NORMALS, normalTable } from "../hardware/converter-errors.ts";
import { spikeProduct } from "../hardware/crossbar.ts";
import { roundToSteps } from "../hardware/integer-arithmetic.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { INTEGER_LINES, INTEGER_PAIRS } from "./integer-ops.ts";
import { standaloneKernels } from "./memory.ts";
import { converterScratch } from "./wasm/crossbar-ops.ts";
import { INTEGER_TABLE } from "./wasm/integer-ops.ts";

const cases = fc.record({
  mode: fc.constantFrom("pair" as const, "differential" as const),
  rows: fc.integer({ min: 1, max: 3 }).map((n) => 32 * n),
  widest: fc.integer({ min: 1, max: INTEGER_LINES }),
  bits: fc.integer({ min: 2, max: 6 }),
  stepBits: fc.integer({ min: 0, max: 9 }),
  /** Rows at the largest conductance that make up a full scale. */
  fullScale: fc.constantFrom(3, 0.001),
  density: fc.constantFrom(0.05, 0.4, 1),
  withSums: fc.boolean(),
  withOffset: fc.boolean(),
  erring: fc.boolean(),
  seed: fc.nat(1000),
});

const STEPS = 2;
const PROMPTS = 3;
const PER_PROMPT = 2;
const VECTORS = STEPS * PROMPTS * PER_PROMPT;

test("a strip equals the reference from spikes to sums, with saturating lines and with converter errors", () => {
  const seen = { clipped: 0, stopped: 0 };
  fc.assert(
    fc.property(
      cases,
      ({ mode, rows, widest, bits, stepBits, fullScale, density, withSums, withOffset, erring, seed }) => {
        const random = stream(seed);
        const pair = mode === "pair";
        const columns = pair ? Math.ceil(widest / 2) : widest;
        // A full scale of a few rows: more of them clip. With many bits per step, or a full scale below one row, a line with all
        // rows saturates.
        const { largest } = converter(mode, bits, 1);
        const most = Math.min(2 ** 16 - 1, Math.ceil((largest * 2 ** stepBits) / fullScale));
        // Of one sign, all rows of a difference together stay below 2^15.
        const limit = pair ? most : Math.min(most, Math.floor((2 ** 15 - 1 - 2 ** stepBits) / rows));
        const conductances = () => Float32Array.from({ length: rows * columns }, () => random.integer(limit + 1));
        const [plus, minus] = [conductances(), conductances()];
        const spikes = packSpikes(
          Uint8Array.from({ length: VECTORS * rows }, () => (random.uniform() < density ? 1 : 0)),
          1,
          VECTORS,
          rows,
        );
        const factors = Int16Array.from({ length: columns }, () => random.integer(200));
        const offsets = Int16Array.from({ length: columns }, () => random.integer(2000) - 1000);
        const before = Int16Array.from({ length: VECTORS * INTEGER_LINES }, () => random.integer(2000) - 1000);
        const line = () => ({
          gains: Float32Array.from({ length: columns }, () => 0.9 + 0.2 * random.uniform()),
          offsets: Float32Array.from({ length: columns }, () => random.uniform() - 0.5),
        });
        const errors = { plus: line(), minus: line() };
        const adc = adcSpec.parse({ mode, bits, errors: { outputNoise: 0.5 } });
        const key = [seed, 7] as const;

        // The reference.
        const lines = [plus, minus].map((matrix) => {
          const out = new Float32Array(VECTORS * columns);
          spikeProduct(spikes, 0, rows, columns, matrix, out);
          return out;
        });
        seen.stopped += lines.flatMap((of) => [...of]).filter((current) => current > 65_535).length;
        const codes = new Float32Array(VECTORS * columns);
        const range = converter(mode, bits, largest * 2 ** stepBits);
        let result: { clipped: number };
        if (erring) {
          const vectors = { steps: STEPS, firstPrompt: 4, prompts: PROMPTS, perPrompt: PER_PROMPT };
          const noise = drawConversionNoise(columns, adc.errors, key, vectors);
          result = convertWithErrors(range, errors, noise, lines[0], lines[1], codes);
        } else {
          roundToSteps(mode, stepBits, lines[0], lines[1]);
          result = convertColumns({ ...range, step: 1 }, lines[0], lines[1], codes);
        }
        seen.clipped += result.clipped;
        const expected = Array.from(codes, (code, i) => {
          const [v, c] = [Math.floor(i / columns), i % columns];
          return code * factors[c] + (withSums ? before[v * INTEGER_LINES + c] : 0) + (withOffset ? offsets[c] : 0);
        });

        // The kernels, on garbage.
        const { kernels, arena } = standaloneKernels(1 << 20);
        kernels.u32.fill(0xa5a5a5a5, arena.mark() / 4);
        const place = (values: Int16Array | Uint16Array | Float32Array | Uint32Array, words = values.length) => {
          const at = arena.words(words);
          kernels.write(at, values);
          return at;
        };
        const matrix = new Uint16Array(rows * INTEGER_LINES);
        const byLine = (of: (errors: { gains: Float32Array; offsets: Float32Array }) => Float32Array) => {
          const values = new Float32Array(INTEGER_LINES);
          values.set(of(errors.plus));
          if (pair) values.set(of(errors.minus), INTEGER_PAIRS);
          return values;
        };
        for (let r = 0; r < rows; r++) {
          for (let c = 0; c < columns; c++) {
            const at = r * INTEGER_LINES + c;
            const i = r * columns + c;
            matrix[at] = pair ? plus[i] : plus[i] - minus[i];
            if (pair) matrix[at + INTEGER_PAIRS] = minus[i];
          }
        }
        const deviations = new Float32Array(INTEGER_LINES);
        deviations.fill(0.5, 0, columns);
        if (pair) deviations.fill(0.5, INTEGER_PAIRS, INTEGER_PAIRS + columns);
        const at = {
          bits: place(spikes.words),
          matrix: place(matrix),
          tables: arena.words((rows / 8) * INTEGER_TABLE),
          lines: arena.words(VECTORS * INTEGER_LINES),
          factors: place(factors, INTEGER_LINES),
          offsets: place(offsets, INTEGER_LINES),
          sums: place(before),
          normals: place(normalTable(), NORMALS),
          out: arena.words(VECTORS * INTEGER_LINES),
          scratch: arena.words(converterScratch(VECTORS)),
        };
        const bias = erring ? 0 : (1 << stepBits) >> 1;
        kernels.tabulateIntegers({ matrix: at.matrix, rows, bias, mode, tables: at.tables });
        const trains = { at: at.bits, words: rows / 32, features: rows };
        kernels.integerCurrents({
          bits: trains,
          first: 0,
          vectors: VECTORS,
          firstRow: 0,
          rows,
          mode,
          tables: at.tables,
          lines: at.lines,
        });
        let clipped = 0;
        if (erring) {
          clipped += kernels.errIntegers({
            lines: at.lines,
            vectors: VECTORS,
            mode,
            unit: 2 ** -stepBits,
            largest,
            errors: {
              gains: place(byLine(({ gains }) => gains)),
              offsets: place(byLine((of) => of.offsets)),
              deviations: place(deviations),
            },
            noise: { key, normals: at.normals },
            strip: 0,
            first: 0,
            perStep: PROMPTS * PER_PROMPT,
            perPrompt: PER_PROMPT,
            firstPrompt: 4,
            scratch: at.scratch,
          });
        }
        const outputs = columns + 3;
        clipped += kernels.convertIntegers({
          lines: at.lines,
          vectors: VECTORS,
          columns,
          mode,
          shift: erring ? 0 : stepBits,
          largest,
          factors: at.factors,
          sums: withSums ? at.sums : null,
          offset: withOffset ? at.offsets : null,
          out: at.out,
          outputs,
        });
        const out = kernels.integers(at.out, VECTORS * outputs);
        const columnsOf = (v: number) => [...out.subarray(v * outputs, v * outputs + columns)];
        expect(Array.from({ length: VECTORS }, (_, v) => columnsOf(v)).flat()).toEqual(expected);
        expect(clipped).toBe(result.clipped);
        // Everything next to the strip's columns belongs to others.
        const beside = Array.from({ length: VECTORS }, (_, v) => [
          ...out.subarray(v * outputs + columns, (v + 1) * outputs),
        ]);
        expect(new Set(beside.flat())).toEqual(new Set([Int16Array.of(0xa5a5)[0]]));
      },
    ),
    { seed: 1, numRuns: 250 },
  );
  // Some conversions clip, and some lines exceed their range.
  expect(seen.clipped).toBeGreaterThan(100);
  expect(seen.stopped).toBeGreaterThan(100);
});
