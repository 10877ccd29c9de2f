/**
 * Converters with errors, in the behaviour of the analog macro: the operations of `hardware/converter-errors.ts`, computed in
 * doubles and each rounded to single precision, and the random words of its noise.
 *
 *   code = clamp(round(units / 2^StepBits * gain + offset + noise))
 *
 * A double holds the product of two singles exactly, and has more than twice a single's bits plus two, so rounding a sum twice
 * gives the same result as rounding once (Figueroa, "When is double rounding innocuous?", ACM SIGNUM 30(3), 1995). Offsets and
 * gains are those of a chip. Noise comes from the simulator's stream, so that codes can be compared: the macro counts its
 * vectors from reset. A real macro has its own noise.
 */
import type { AdcSpec, LoopOrder } from "../../experiment/hardware.ts";
import { converter } from "../../hardware/adc.ts";
import { type ConverterErrors, type LineErrors, normalTable } from "../../hardware/converter-errors.ts";
import * as sv from "../syntax.ts";
import { task } from "../testbench-parts.ts";
import { GROUPS, PARITY, ROTATIONS, rotated } from "../threefry.ts";
import { stepped } from "./parts.ts";

export type Sign = "plus" | "minus";

/** The order of a macro's vectors, and the time steps of each token. */
export interface VectorOrder {
  readonly order: LoopOrder;
  readonly steps: number;
}

/** Files with the errors of a crossbar's converters, and with all values of conversion noise. */
export const converterFile = (crossbar: number): string => `converters_${crossbar}.hex`;
export const NOISE_FILE = "conversion_noise.hex";

/** Bits of a double. A converter has two: its gain, in the low half, and its offset. */
const REAL_BITS = 64;
const CONVERTER_BITS = 2 * REAL_BITS;

/** Signs with their own converters; one for a difference. */
const signsOf = ({ mode }: AdcSpec): readonly Sign[] => (mode === "pair" ? ["plus", "minus"] : ["plus"]);

export const hasNoise = ({ errors }: AdcSpec): boolean => errors.outputNoise > 0;

/** Names and default values of the macro's parameters. */
export const erringParameters = (adc: AdcSpec): [string, sv.Expression][] => [
  ["Converters", sv.text("converters.hex")],
  ...(hasNoise(adc)
    ? ([
        ["Noise", sv.text(NOISE_FILE)],
        ["NoiseKey", sv.hex(2 * 32, 0)],
        ["Tokens", sv.decimal(1)],
      ] satisfies [string, sv.Expression][])
    : []),
];

/** One word per line and column: gain and offset of the plus line's converter, in the low bits, and of the minus line's, as doubles. */
export function converterWords(errors: ConverterErrors, adc: AdcSpec): string[] {
  const { gains } = errors.plus;
  const word = ({ gains, offsets }: LineErrors, c: number) => realText(offsets[c]) + realText(gains[c]);
  return Array.from(gains, (_, c) =>
    signsOf(adc)
      .map((sign) => word(errors[sign], c))
      .reverse()
      .join(""),
  );
}

/** The noise of a conversion for each of its 4,096 draws, code steps, as doubles. */
export const noiseWords = ({ errors }: AdcSpec): string[] => {
  const deviation = Math.fround(errors.outputNoise);
  return Array.from(normalTable(), (normal) => realText(Math.fround(deviation * normal)));
};

function realText(value: number): string {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return bits.getBigUint64(0).toString(16).padStart(16, "0");
}

/** The memories of a macro whose converters err: their gains and offsets, and all values of noise. */
export const erringTables = (adc: AdcSpec, columns: number) =>
  sv.signals(
    [],
    [sv.memory(signsOf(adc).length * CONVERTER_BITS, "converters", columns), sv.memory(REAL_BITS, "normals", 4096)],
  );

/** Contents of the macro's body besides its cells. */
export function erringItems(
  adc: AdcSpec,
  tables: sv.Signals<"converters" | "normals">,
  vectors: VectorOrder,
  isLast: sv.Expression | null,
  { convert_i: convert }: sv.Signals<"convert_i">,
): sv.Item[] {
  return [
    sv.declare(tables.converters),
    sv.initial(task("$readmemh", sv.name("Converters"), tables.converters)),
    SINGLE,
    erringCode(adc),
    ...(hasNoise(adc) ? noiseItems(vectors, isLast, tables.normals, convert) : []),
  ];
}

/** The codes of a column from the variables `plus` and `minus`, the units of its lines: their difference in `plus`. */
export function erringCodes(
  adc: AdcSpec,
  s: sv.Signals<"converters" | "normals">,
): { variables: string[]; body: sv.Statement[] } {
  const signs = signsOf(adc);
  const code = (sign: Sign): sv.Statement => {
    const low = signs.indexOf(sign) * CONVERTER_BITS;
    return sv.put(
      sv.name(sign),
      sv.call(
        "erring_code",
        sv.name(sign),
        sv.slice(sv.bit(s.converters, sv.name("column")), low + CONVERTER_BITS - 1, low),
        ...(hasNoise(adc) ? [noiseOf(sign, s)] : []),
      ),
    );
  };
  const difference = sv.put(sv.name("plus"), sv.binary(sv.name("plus"), "-", sv.name("minus")));
  return {
    variables: hasNoise(adc) ? ["draw"] : [],
    body: [
      ...(hasNoise(adc) ? [sv.put(sv.name("draw"), sv.call("draw_of", sv.name("column")))] : []),
      ...(adc.mode === "pair" ? [code("plus"), code("minus"), difference] : [difference, code("plus")]),
    ],
  };
}

/** Twelve bits of a draw select one of all values. */
const noiseOf = (sign: Sign, s: sv.Signals<"normals">): sv.Expression =>
  sv.bit(s.normals, sv.cast(12, sv.binary(sv.name("draw"), ">>>", sv.decimal(sign === "plus" ? 4 : 20))));

/** Half of a single's last bit, slightly less for an even one: 29 bits of a double's fraction are dropped. */
const SINGLE: sv.Item = {
  kind: "function",
  name: "single",
  width: "real",
  arguments: [{ name: "value", width: "real" }],
  variables: [{ name: "bits", width: REAL_BITS }],
  body: [
    sv.put(sv.name("bits"), sv.call("$realtobits", sv.name("value"))),
    sv.put(
      sv.name("bits"),
      sv.binary(
        sv.binary(sv.name("bits"), "+", sv.hex(REAL_BITS, 0x0fffffff)),
        "+",
        sv.concat(sv.sized(REAL_BITS - 1, 0), sv.bit(sv.name("bits"), 29)),
      ),
    ),
    sv.put(
      sv.name("single"),
      sv.call("$bitstoreal", sv.concat(sv.slice(sv.name("bits"), REAL_BITS - 1, 29), sv.sized(29, 0))),
    ),
  ],
};

function erringCode(adc: AdcSpec): sv.Item {
  const { smallest, largest } = converter(adc.mode, adc.bits as number, 1);
  const value = sv.name("value");
  const rounded = (sum: sv.Expression): sv.Statement => sv.put(value, sv.call("single", sum));
  const ofConverter = (high: number) =>
    sv.call("$bitstoreal", sv.slice(sv.name("converter"), high, high - REAL_BITS + 1));
  const units = sv.call("$itor", sv.name("units"));
  const step = sv.call("$itor", sv.binary(sv.decimal(1), "<<", sv.name("StepBits")));
  const end = (operator: "<" | ">", at: number) =>
    sv.when(sv.binary(value, operator, sv.real(at)), [sv.put(value, sv.real(at))]);
  return {
    kind: "function",
    name: "erring_code",
    width: 32,
    arguments: [
      { name: "units", width: null },
      { name: "converter", width: CONVERTER_BITS },
      ...(hasNoise(adc) ? [{ name: "noise", width: REAL_BITS }] : []),
    ],
    variables: [
      { name: "value", width: "real" },
      { name: "code", width: null },
    ],
    body: [
      rounded(sv.binary(sv.binary(units, "/", step), "*", ofConverter(REAL_BITS - 1))),
      rounded(sv.binary(value, "+", ofConverter(CONVERTER_BITS - 1))),
      ...(hasNoise(adc) ? [rounded(sv.binary(value, "+", sv.call("$bitstoreal", sv.name("noise"))))] : []),
      end(">", largest),
      end("<", smallest),
      sv.put(sv.name("code"), sv.call("$rtoi", sv.call("$floor", sv.binary(value, "+", sv.real(0.5))))),
      sv.comment("Ties go to the even code."),
      sv.when(
        sv.binary(
          sv.bit(sv.name("code"), 0),
          "&&",
          sv.binary(sv.binary(sv.call("$itor", sv.name("code")), "-", value), "==", sv.real(0.5)),
        ),
        [sv.put(sv.name("code"), sv.binary(sv.name("code"), "-", sv.decimal(1)))],
      ),
      sv.put(sv.name("erring_code"), sv.name("code")),
    ],
  };
}

function noiseItems(
  vectors: VectorOrder,
  isLast: sv.Expression | null,
  normals: sv.Signal,
  convert: sv.Signal,
): sv.Item[] {
  return [
    sv.declare(normals),
    sv.initial(task("$readmemh", sv.name("Noise"), normals)),
    ...drawItems(vectors, isLast, convert),
  ];
}

/**
 * Counters of converted vectors, and `draw_of`, the random word of a column's conversion: `drawConversionNoise`. The macro has the
 * parameters NoiseKey and Tokens.
 */
export function drawItems({ order, steps }: VectorOrder, isLast: sv.Expression | null, convert: sv.Signal): sv.Item[] {
  const counters = sv.logic(32, "step_q", "token_q", "prompt_q");
  const s = sv.signals([], [counters]);
  const next = (register: sv.Signal) => sv.set(register, stepped(register));
  const counted = (register: sv.Signal, count: sv.Expression, carry: sv.Statement): sv.Statement =>
    sv.when(sv.binary(stepped(register), "==", count), [sv.set(register, sv.zeros), carry], [next(register)]);
  return [
    counters,
    sv.registers(sv.cleared(...counters.signals), [
      sv.when(isLast === null ? convert : sv.binary(convert, "&", isLast), [
        order === "token-major"
          ? counted(s.step_q, sv.sized(32, steps), counted(s.token_q, sv.name("Tokens"), next(s.prompt_q)))
          : counted(s.token_q, sv.name("Tokens"), counted(s.step_q, sv.sized(32, steps), next(s.prompt_q))),
      ]),
    ]),
    THREEFRY,
    {
      kind: "function",
      name: "draw_of",
      width: 32,
      arguments: [{ name: "column", width: null }],
      variables: [
        { name: "place", width: 32 },
        { name: "words", width: 64 },
      ],
      body: [
        sv.put(
          sv.name("place"),
          sv.binary(
            sv.binary(
              sv.binary(
                sv.binary(sv.binary(sv.name("column"), ">>>", sv.decimal(3)), "*", sv.name("Tokens")),
                "+",
                s.token_q,
              ),
              "<<",
              sv.decimal(3),
            ),
            "|",
            sv.binary(sv.name("column"), "&", sv.decimal(7)),
          ),
        ),
        sv.put(
          sv.name("words"),
          sv.call(
            "threefry",
            sv.binary(sv.binary(s.prompt_q, "<<", sv.decimal(7)), "|", s.step_q),
            sv.binary(sv.name("place"), ">>>", sv.decimal(1)),
          ),
        ),
        sv.put(
          sv.name("draw_of"),
          sv.choose(sv.bit(sv.name("place"), 0), sv.slice(sv.name("words"), 63, 32), sv.slice(sv.name("words"), 31, 0)),
        ),
      ],
    },
  ];
}

/** Threefry-2x32-20, as in `numeric/stream.ts`: the second word in the high half. */
const THREEFRY: sv.Item = {
  kind: "function",
  name: "threefry",
  width: 64,
  arguments: [
    { name: "high", width: 32 },
    { name: "low", width: 32 },
  ],
  variables: ["x0", "x1", "first", "second", "third", "used"].map((variable) => ({ name: variable, width: 32 })),
  body: [
    sv.put(sv.name("third"), sv.slice(sv.name("NoiseKey"), 31, 0)),
    sv.put(sv.name("first"), sv.slice(sv.name("NoiseKey"), 63, 32)),
    sv.put(sv.name("second"), sv.binary(sv.binary(sv.name("first"), "^", sv.name("third")), "^", sv.hex(32, PARITY))),
    sv.put(sv.name("x0"), sv.binary(sv.name("low"), "+", sv.name("third"))),
    sv.put(sv.name("x1"), sv.binary(sv.name("high"), "+", sv.name("first"))),
    sv.forEach(
      "group",
      GROUPS,
      ...ROTATIONS.flatMap(([even, odd]) => [
        sv.put(sv.name("x0"), sv.binary(sv.name("x0"), "+", sv.name("x1"))),
        sv.put(
          sv.name("x1"),
          sv.binary(
            sv.choose(sv.bit(sv.name("group"), 0), rotated(sv.name("x1"), odd), rotated(sv.name("x1"), even)),
            "^",
            sv.name("x0"),
          ),
        ),
      ]),
      sv.put(sv.name("x0"), sv.binary(sv.name("x0"), "+", sv.name("first"))),
      sv.put(
        sv.name("x1"),
        sv.binary(
          sv.binary(sv.binary(sv.name("x1"), "+", sv.name("second")), "+", sv.name("group")),
          "+",
          sv.decimal(1),
        ),
      ),
      sv.put(sv.name("used"), sv.name("first")),
      sv.put(sv.name("first"), sv.name("second")),
      sv.put(sv.name("second"), sv.name("third")),
      sv.put(sv.name("third"), sv.name("used")),
    ),
    sv.put(sv.name("threefry"), sv.concat(sv.name("x1"), sv.name("x0"))),
  ],
};
