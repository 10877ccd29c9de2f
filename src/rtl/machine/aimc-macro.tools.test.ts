/** The analog macro by itself in Icarus, with codes at the edges of converters and halfway between two of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { hardwareSpec } from "../../experiment/hardware.ts";
import { convertColumns, converter } from "../../hardware/adc.ts";
import { type ConverterErrors, convertWithErrors, drawConversionNoise } from "../../hardware/converter-errors.ts";
import { roundToSteps } from "../../hardware/integer-arithmetic.ts";
import { codeBitsOf } from "../../hardware/lif-parameters.ts";
import { stream } from "../../numeric/stream.ts";
import { printModule } from "../print.ts";
import { aimcMacro, CONDUCTANCE_BITS, macroName } from "./aimc-macro.ts";
import { lines, wordText } from "./constants.ts";
import { converterWords, NOISE_FILE, noiseWords } from "./erring-converters.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-macro-"));
afterAll(() => rmSync(folder, { recursive: true }));
const testInIcarus = await testWith("iverilog");

const SIZE = { rows: 12, columns: 10, lanes: 3, multiplexerSteps: 4 };
const [STEPS, PROMPTS, TOKENS, STEP_BITS] = [3, 3, 5, 1];
const draws = stream(3);

/**
 * Errors with which sums lie halfway between two codes: many exactly, or, where gains are drawn, only those of a line with that many steps
 * after single precision has rounded them.
 */
function errorsOf(kind: "exact" | "halves" | "rounded", steps: number): ConverterErrors {
  const line = () => {
    const columns = Array.from({ length: SIZE.columns }, () =>
      kind === "halves" ? draws.integer(4) / 2 : 1 + 0.1 * draws.normal(),
    );
    const gains = Float32Array.from(columns);
    const offsets = gains.map((gain) =>
      kind === "halves" ? (draws.integer(9) - 4) / 4 : Math.floor(steps * gain) + 0.5 - Math.fround(steps * gain),
    );
    return { gains, offsets };
  };
  return { plus: line(), minus: line() };
}

testInIcarus.each([
  { mode: "differential", kind: "exact", outputNoise: 0 },
  { mode: "pair", kind: "exact", outputNoise: 0 },
  { mode: "differential", kind: "halves", outputNoise: 0 },
  { mode: "pair", kind: "halves", outputNoise: 0 },
  { mode: "differential", kind: "rounded", outputNoise: 0 },
  { mode: "pair", kind: "rounded", outputNoise: 0.5 },
] as const)(
  "codes are those of the simulator's converters: $mode, errors $kind, noise $outputNoise",
  ({ mode, kind, outputNoise }) => {
    const { adc } = hardwareSpec.parse({
      adc: { mode, bits: 4, errors: { gainSpread: kind === "exact" ? 0 : 0.1, outputNoise } },
    });
    const { rows, columns, lanes, multiplexerSteps } = SIZE;
    const vectors = STEPS * PROMPTS * TOKENS;
    const cells = () => Float32Array.from({ length: rows * columns }, () => draws.integer(9));
    const [plus, minus] = [cells(), cells()];
    const driven = Array.from({ length: vectors }, () => Array.from({ length: rows }, () => draws.integer(2)));
    const unitsOf = (of: Float32Array) =>
      Float32Array.from({ length: vectors * columns }, (_, i) =>
        driven[Math.floor(i / columns)].reduce((sum, bit, r) => sum + bit * of[r * columns + (i % columns)], 0),
      );
    const errors = errorsOf(kind, mode === "pair" ? 12 : 3);
    const key = [-7, 12345] as const;

    const codes = new Float32Array(vectors * columns);
    const [up, down] = [unitsOf(plus), unitsOf(minus)];
    const exact = converter(mode, 4, 1);
    if (kind === "exact") {
      roundToSteps(mode, STEP_BITS, up, down);
      convertColumns({ ...exact, step: 1 }, up, down, codes);
    } else {
      const noise =
        outputNoise > 0
          ? drawConversionNoise(columns, adc.errors, key, {
              ...{ steps: STEPS, firstPrompt: 0, prompts: PROMPTS, perPrompt: TOKENS },
            })
          : null;
      convertWithErrors({ ...exact, step: 2 ** STEP_BITS }, errors, noise, up, down, codes);
    }

    const codeBits = codeBitsOf(4, mode);
    const module = aimcMacro(SIZE, adc, codeBits, { order: "token-major", steps: STEPS });
    // Vectors come token by token, all steps of a token one after another; the simulator has step by step.
    const order = Array.from({ length: vectors }, (_, i) => (i % STEPS) * PROMPTS * TOKENS + Math.floor(i / STEPS));
    const words = Array.from({ length: columns * rows }, (_, i) => {
      const cell = (i % rows) * columns + Math.floor(i / rows);
      return wordText([minus[cell], plus[cell]], CONDUCTANCE_BITS);
    });
    const files = {
      "macro.sv": printModule(module),
      "tb.sv": testbench(
        module.ports.some(({ name }) => name === "rst_ni"),
        kind !== "exact",
        vectors,
        lanes * codeBits,
      ),
      "cells.hex": lines(words),
      "converters.hex": lines(converterWords(errors, adc)),
      [NOISE_FILE]: lines(noiseWords(adc)),
      "vectors.hex": lines(order.map((v) => wordText(driven[v], 1))),
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    execFileSync("iverilog", ["-g2012", "-s", "tb", "-o", "tb.vvp", "macro.sv", "tb.sv"], { cwd: folder });
    const seen = execFileSync("vvp", ["tb.vvp"], { cwd: folder, encoding: "utf8" }).trim().split("\n");

    const expected = order.flatMap((v) =>
      Array.from({ length: multiplexerSteps }, (_, m) => {
        const first = m * lanes;
        return wordText(
          Array.from({ length: lanes }, (_, u) => (first + u < columns ? codes[v * columns + first + u] : 0)),
          codeBits,
        );
      }),
    );
    expect(seen.slice(0, expected.length)).toEqual(expected);
    // Codes of every size, so that both ends are met.
    expect(new Set(codes).size).toBeGreaterThan(mode === "pair" ? 8 : 12);
  },
);

const testbench = (hasReset: boolean, errs: boolean, vectors: number, width: number): string => `
module tb;
  logic clk = 0, rst_n = 0, convert = 0;
  logic [1:0] select = 0;
  logic [${SIZE.rows - 1}:0] driven, vectors [0:${vectors - 1}];
  wire [${width - 1}:0] codes;
  always #5 clk = ~clk;
  ${macroName(SIZE)} #(.StepBits(${STEP_BITS})${errs ? ', .Converters("converters.hex")' : ""}${
    hasReset ? `, .NoiseKey({32'd12345, -32'd7}), .Tokens(${TOKENS})` : ""
  }) u_macro (
    .clk_i(clk), ${hasReset ? ".rst_ni(rst_n), " : ""}.convert_i(convert), .select_i(select), .lines_i(driven), .codes_o(codes)
  );
  initial begin
    $readmemh("vectors.hex", vectors);
    repeat (2) @(negedge clk);
    rst_n = 1;
    for (int v = 0; v < ${vectors}; v++) begin
      for (int m = 0; m < ${SIZE.multiplexerSteps}; m++) begin
        driven = vectors[v];
        select = m;
        convert = 1;
        @(negedge clk);
        convert = 0;
        $display("%h", codes);
        @(negedge clk);
      end
    end
    $finish;
  end
endmodule
`;
