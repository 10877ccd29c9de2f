/**
 * A self-checking testbench for the LIF unit against vectors of the clocked model, and the vectors.
 *
 *   lif_inputs.hex    one line per clock: load, valid, rest, code, offset, threshold, from the high bits down
 *   lif_outputs.hex   one line per clock: valid and spike
 *
 * Both outputs are compared at every clock, so a correct but late bit is an error. It prints one line that begins with PASS or
 * FAIL.
 */
import { createClockedLif, type LifPins } from "../hardware/clocked-lif.ts";
import type { LifParameters } from "../hardware/lif-parameters.ts";
import type { SourceFiles } from "./design.ts";
import { LIF_UNIT } from "./lif-unit.ts";
import * as sv from "./syntax.ts";
import { fallingEdges, shortReset, task } from "./testbench-parts.ts";

/** Name of the module. */
export const LIF_TESTBENCH = "lif_unit_tb";

/** The unit's inputs, clock by clock from reset on, and its output bits. */
export interface LifVectors {
  readonly files: SourceFiles;
  readonly clocks: number;
  /** Number of column updates, and of those that fire. */
  readonly updates: number;
  readonly spikes: number;
}

/** The vectors as text files, with outputs from `createClockedLif`. */
export function lifVectors(parameters: LifParameters, pins: Iterable<LifPins>): LifVectors {
  const { codeBits, offsetBits, membraneBits } = parameters;
  const unit = createClockedLif(parameters);
  const [inputs, outputs]: string[][] = [[], []];
  let [updates, spikes] = [0, 0];
  for (const at of pins) {
    const out = unit.clock(at);
    const fields: readonly [number, number][] = [
      [Number(at.load), 1],
      [Number(at.valid), 1],
      [Number(at.rest), 1],
      [at.code, codeBits],
      [at.offset, offsetBits],
      [at.threshold, membraneBits],
    ];
    const line = fields.reduce(
      (bits, [value, width]) => (bits << BigInt(width)) | BigInt.asUintN(width, BigInt(value)),
      0n,
    );
    inputs.push(line.toString(16));
    outputs.push(String(2 * Number(out.valid) + Number(out.spike)));
    updates += Number(out.valid);
    spikes += Number(out.spike);
  }
  const join = (lines: readonly string[]) => `${lines.join("\n")}\n`;
  const files = { "lif_inputs.hex": join(inputs), "lif_outputs.hex": join(outputs) };
  return { files, clocks: inputs.length, updates, spikes };
}

export function lifTestbench({ codeBits, offsetBits, membraneBits }: LifParameters, clocks: number): sv.Module {
  const ports: sv.Port<never>[] = [];
  const declared = [
    sv.logic(1, "clk", "rst_n", "load", "valid_in", "rest", "valid", "spike"),
    sv.logic(codeBits, "code"),
    sv.logic(offsetBits, "offset"),
    sv.logic(membraneBits, "threshold"),
    sv.memory(3 + codeBits + offsetBits + membraneBits, "inputs", clocks),
    sv.memory(2, "outputs", clocks),
    sv.integers("errors", "updates"),
  ];
  const s = sv.signals(ports, declared);
  const errors = s.errors;
  const pins = [s.load, s.valid_in, s.rest, s.code, s.offset, s.threshold];
  const shown = sv.concat(s.valid, s.spike);
  const expected = sv.bit(s.outputs, sv.name("clock"));
  return {
    name: LIF_TESTBENCH,
    header: [
      "Checks the LIF unit against vectors of the clocked model: both outputs, at every clock.",
      `${clocks} clocks.`,
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      { kind: "clock", signal: s.clk, halfPeriod: 5 },
      sv.gap,
      sv.instance(LIF_UNIT, "u_lif_unit", {
        clk_i: s.clk,
        rst_ni: s.rst_n,
        load_i: s.load,
        offset_i: s.offset,
        threshold_i: s.threshold,
        valid_i: s.valid_in,
        rest_i: s.rest,
        code_i: s.code,
        valid_o: s.valid,
        spike_o: s.spike,
      }),
      sv.gap,
      sv.initial(
        task("$readmemh", sv.text("lif_inputs.hex"), s.inputs),
        task("$readmemh", sv.text("lif_outputs.hex"), s.outputs),
        ...[s.errors, s.updates].map((variable) => sv.put(variable, sv.decimal(0))),
        ...pins.map((pin) => sv.put(pin, sv.zeros)),
        ...shortReset(s.rst_n),
        fallingEdges(s.clk),
        sv.forEach(
          "clock",
          clocks,
          sv.put(sv.concat(...pins), sv.bit(s.inputs, sv.name("clock"))),
          sv.when(s.valid, [sv.put(s.updates, sv.binary(s.updates, "+", sv.decimal(1)))]),
          sv.when(sv.binary(shown, "!==", expected), [
            sv.when(sv.binary(errors, "<", sv.decimal(10)), [
              task("$display", sv.text("clock %0d shows %b, expected %b"), sv.name("clock"), shown, expected),
            ]),
            sv.put(errors, sv.binary(errors, "+", sv.decimal(1))),
          ]),
          fallingEdges(s.clk),
        ),
        sv.when(
          sv.binary(errors, "==", sv.decimal(0)),
          [task("$display", sv.text(`PASS ${clocks} clocks, %0d column updates`), s.updates)],
          [task("$display", sv.text(`FAIL %0d of ${clocks} clocks`), errors)],
        ),
        task("$finish"),
      ),
    ],
  };
}
