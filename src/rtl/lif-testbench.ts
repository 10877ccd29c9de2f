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
import { binary, bit, concat, decimal, gap, instance, logic, type Module, name, put, text, when } from "./syntax.ts";
import { nextClock, shortReset, task } from "./testbench-parts.ts";

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

export function lifTestbench({ codeBits, offsetBits, membraneBits }: LifParameters, clocks: number): Module {
  const errors = name("errors");
  const pins = ["load", "valid_in", "rest", "code", "offset", "threshold"];
  const shown = concat(name("valid"), name("spike"));
  const expected = bit(name("outputs"), name("clock"));
  return {
    name: LIF_TESTBENCH,
    header: [
      "Checks the LIF unit against vectors of the clocked model: both outputs, at every clock.",
      `${clocks} clocks.`,
    ],
    ports: [],
    items: [
      logic(1, "clk", "rst_n", "load", "valid_in", "rest", "valid", "spike"),
      logic(codeBits, "code"),
      logic(offsetBits, "offset"),
      logic(membraneBits, "threshold"),
      { kind: "memory", width: 3 + codeBits + offsetBits + membraneBits, name: "inputs", entries: clocks },
      { kind: "memory", width: 2, name: "outputs", entries: clocks },
      { kind: "integer", names: ["errors", "updates"] },
      gap,
      { kind: "clock", signal: "clk", halfPeriod: 5 },
      gap,
      instance(LIF_UNIT, "u_lif_unit", {
        clk_i: name("clk"),
        rst_ni: name("rst_n"),
        load_i: name("load"),
        offset_i: name("offset"),
        threshold_i: name("threshold"),
        valid_i: name("valid_in"),
        rest_i: name("rest"),
        code_i: name("code"),
        valid_o: name("valid"),
        spike_o: name("spike"),
      }),
      gap,
      {
        kind: "initial",
        body: [
          task("$readmemh", text("lif_inputs.hex"), name("inputs")),
          task("$readmemh", text("lif_outputs.hex"), name("outputs")),
          ...["errors", "updates"].map((variable) => put(name(variable), decimal(0))),
          ...pins.map((pin) => put(name(pin), { kind: "fill", bit: 0 } as const)),
          ...shortReset("rst_n"),
          nextClock,
          {
            kind: "for",
            variable: "clock",
            below: decimal(clocks),
            body: [
              put(concat(...pins.map(name)), bit(name("inputs"), name("clock"))),
              when(name("valid"), [put(name("updates"), binary(name("updates"), "+", decimal(1)))]),
              when(binary(shown, "!==", expected), [
                when(binary(errors, "<", decimal(10)), [
                  task("$display", text("clock %0d shows %b, expected %b"), name("clock"), shown, expected),
                ]),
                put(errors, binary(errors, "+", decimal(1))),
              ]),
              nextClock,
            ],
          },
          when(
            binary(errors, "==", decimal(0)),
            [task("$display", text(`PASS ${clocks} clocks, %0d column updates`), name("updates"))],
            [task("$display", text(`FAIL %0d of ${clocks} clocks`), errors)],
          ),
          task("$finish"),
        ],
      },
    ],
  };
}
