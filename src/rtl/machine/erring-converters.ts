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
import {
  binary,
  bit,
  call,
  cast,
  choose,
  concat,
  decimal,
  type Expression,
  forEach,
  hex,
  type Item,
  logic,
  name,
  put,
  real,
  registers,
  type Statement,
  set,
  sized,
  slice,
  text,
  when,
  zeros,
} from "../syntax.ts";
import { task } from "../testbench-parts.ts";

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
export const erringParameters = (adc: AdcSpec): [string, Expression][] => [
  ["Converters", text("converters.hex")],
  ...(hasNoise(adc)
    ? ([
        ["Noise", text(NOISE_FILE)],
        ["NoiseKey", hex(2 * 32, 0)],
        ["Tokens", decimal(1)],
      ] satisfies [string, Expression][])
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

/** Contents of the macro's body besides its cells. */
export function erringItems(adc: AdcSpec, columns: number, vectors: VectorOrder, isLast: Expression | null): Item[] {
  return [
    { kind: "memory", width: signsOf(adc).length * CONVERTER_BITS, name: "converters", entries: columns },
    { kind: "initial", body: [task("$readmemh", name("Converters"), name("converters"))] },
    SINGLE,
    erringCode(adc),
    ...(hasNoise(adc) ? noiseItems(vectors, isLast) : []),
  ];
}

/** The codes of a column from the variables `plus` and `minus`, the units of its lines: their difference in `plus`. */
export function erringCodes(adc: AdcSpec): { variables: string[]; body: Statement[] } {
  const signs = signsOf(adc);
  const code = (sign: Sign): Statement => {
    const low = signs.indexOf(sign) * CONVERTER_BITS;
    return put(
      name(sign),
      call(
        "erring_code",
        name(sign),
        slice(bit(name("converters"), name("column")), low + CONVERTER_BITS - 1, low),
        ...(hasNoise(adc) ? [noiseOf(sign)] : []),
      ),
    );
  };
  const difference = put(name("plus"), binary(name("plus"), "-", name("minus")));
  return {
    variables: hasNoise(adc) ? ["draw"] : [],
    body: [
      ...(hasNoise(adc) ? [put(name("draw"), call("draw_of", name("column")))] : []),
      ...(adc.mode === "pair" ? [code("plus"), code("minus"), difference] : [difference, code("plus")]),
    ],
  };
}

/** Twelve bits of a draw select one of all values. */
const noiseOf = (sign: Sign): Expression =>
  bit(name("normals"), cast(12, binary(name("draw"), ">>>", decimal(sign === "plus" ? 4 : 20))));

/** Half of a single's last bit, slightly less for an even one: 29 bits of a double's fraction are dropped. */
const SINGLE: Item = {
  kind: "function",
  name: "single",
  width: "real",
  arguments: [{ name: "value", width: "real" }],
  variables: [{ name: "bits", width: REAL_BITS }],
  body: [
    put(name("bits"), call("$realtobits", name("value"))),
    put(
      name("bits"),
      binary(
        binary(name("bits"), "+", hex(REAL_BITS, 0x0fffffff)),
        "+",
        concat(sized(REAL_BITS - 1, 0), bit(name("bits"), 29)),
      ),
    ),
    put(name("single"), call("$bitstoreal", concat(slice(name("bits"), REAL_BITS - 1, 29), sized(29, 0)))),
  ],
};

function erringCode(adc: AdcSpec): Item {
  const { smallest, largest } = converter(adc.mode, adc.bits as number, 1);
  const value = name("value");
  const rounded = (sum: Expression): Statement => put(value, call("single", sum));
  const ofConverter = (high: number) => call("$bitstoreal", slice(name("converter"), high, high - REAL_BITS + 1));
  const units = call("$itor", name("units"));
  const step = call("$itor", binary(decimal(1), "<<", name("StepBits")));
  const end = (operator: "<" | ">", at: number) => when(binary(value, operator, real(at)), [put(value, real(at))]);
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
      rounded(binary(binary(units, "/", step), "*", ofConverter(REAL_BITS - 1))),
      rounded(binary(value, "+", ofConverter(CONVERTER_BITS - 1))),
      ...(hasNoise(adc) ? [rounded(binary(value, "+", call("$bitstoreal", name("noise"))))] : []),
      end(">", largest),
      end("<", smallest),
      put(name("code"), call("$rtoi", call("$floor", binary(value, "+", real(0.5))))),
      { kind: "comment", text: "Ties go to the even code." },
      when(
        binary(bit(name("code"), 0), "&&", binary(binary(call("$itor", name("code")), "-", value), "==", real(0.5))),
        [put(name("code"), binary(name("code"), "-", decimal(1)))],
      ),
      put(name("erring_code"), name("code")),
    ],
  };
}

/** Counters of converted vectors, and the random word of a conversion: `drawConversionNoise`. */
function noiseItems({ order, steps }: VectorOrder, isLast: Expression | null): Item[] {
  const counters = ["step_q", "token_q", "prompt_q"];
  const next = (register: string) => set(name(register), binary(name(register), "+", sized(32, 1)));
  const counted = (register: string, count: Expression, carry: Statement): Statement =>
    when(
      binary(binary(name(register), "+", sized(32, 1)), "==", count),
      [set(name(register), zeros), carry],
      [next(register)],
    );
  const convert = name("convert_i");
  return [
    { kind: "memory", width: REAL_BITS, name: "normals", entries: 4096 },
    { kind: "initial", body: [task("$readmemh", name("Noise"), name("normals"))] },
    logic(32, ...counters),
    registers(
      counters.map((register) => set(name(register), zeros)),
      [
        when(isLast === null ? convert : binary(convert, "&", isLast), [
          order === "token-major"
            ? counted("step_q", sized(32, steps), counted("token_q", name("Tokens"), next("prompt_q")))
            : counted("token_q", name("Tokens"), counted("step_q", sized(32, steps), next("prompt_q"))),
        ]),
      ],
    ),
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
        put(
          name("place"),
          binary(
            binary(
              binary(binary(binary(name("column"), ">>>", decimal(3)), "*", name("Tokens")), "+", name("token_q")),
              "<<",
              decimal(3),
            ),
            "|",
            binary(name("column"), "&", decimal(7)),
          ),
        ),
        put(
          name("words"),
          call(
            "threefry",
            binary(binary(name("prompt_q"), "<<", decimal(7)), "|", name("step_q")),
            binary(name("place"), ">>>", decimal(1)),
          ),
        ),
        put(name("draw_of"), choose(bit(name("place"), 0), slice(name("words"), 63, 32), slice(name("words"), 31, 0))),
      ],
    },
  ];
}

const rotated = (word: string, bits: number): Expression =>
  concat(slice(name(word), 31 - bits, 0), slice(name(word), 31, 32 - bits));

/** Rotations of rounds in even-numbered and odd-numbered groups. */
const ROTATIONS = [
  [13, 17],
  [15, 29],
  [26, 16],
  [6, 24],
] as const;

/** Threefry-2x32-20, as in `numeric/stream.ts`: the second word in the high half. */
const THREEFRY: Item = {
  kind: "function",
  name: "threefry",
  width: 64,
  arguments: [
    { name: "high", width: 32 },
    { name: "low", width: 32 },
  ],
  variables: ["x0", "x1", "first", "second", "third", "used"].map((variable) => ({ name: variable, width: 32 })),
  body: [
    put(name("third"), slice(name("NoiseKey"), 31, 0)),
    put(name("first"), slice(name("NoiseKey"), 63, 32)),
    put(name("second"), binary(binary(name("first"), "^", name("third")), "^", hex(32, 0x1bd11bda))),
    put(name("x0"), binary(name("low"), "+", name("third"))),
    put(name("x1"), binary(name("high"), "+", name("first"))),
    forEach(
      "group",
      5,
      ...ROTATIONS.flatMap(([even, odd]) => [
        put(name("x0"), binary(name("x0"), "+", name("x1"))),
        put(
          name("x1"),
          binary(choose(bit(name("group"), 0), rotated("x1", odd), rotated("x1", even)), "^", name("x0")),
        ),
      ]),
      put(name("x0"), binary(name("x0"), "+", name("first"))),
      put(name("x1"), binary(binary(binary(name("x1"), "+", name("second")), "+", name("group")), "+", decimal(1))),
      put(name("used"), name("first")),
      put(name("first"), name("second")),
      put(name("second"), name("third")),
      put(name("third"), name("used")),
    ),
    put(name("threefry"), concat(name("x1"), name("x0"))),
  ],
};
