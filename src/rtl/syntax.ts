/**
 * A syntax tree of the SystemVerilog subset that the generators need. `check.ts` rejects wrong signals, and `print.ts` turns the
 * tree into text, once.
 *
 * A signal is a value: its declaration makes it, and expressions hold it. Only loop variables, parameters, what a function sees as
 * its own, and paths into instances go by name. Generators never write parentheses: the printer adds them where needed.
 */

/** A port, or what a declaration introduces. */
export interface Signal<Name extends string = string> {
  readonly kind: "signal";
  readonly name: Name;
  /** Bits, of a memory those of an entry; null: an integer of a testbench. */
  readonly width: number | null;
  /** Whether the sign extends. */
  readonly signed: boolean;
  /** Null unless it is a memory. */
  readonly entries: number | null;
}

export type Expression =
  | Signal
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "number"; readonly value: bigint; readonly width: number | null; readonly hex: boolean }
  | { readonly kind: "fill"; readonly bit: 0 | 1 }
  | { readonly kind: "real"; readonly value: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unary"; readonly operator: "~" | "!" | "^" | "|" | "&"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "choice"; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: "concat"; readonly parts: readonly Expression[] }
  | { readonly kind: "repeat"; readonly times: number; readonly part: Expression }
  | { readonly kind: "bit"; readonly of: Expression; readonly index: Expression }
  | { readonly kind: "slice"; readonly of: Expression; readonly high: number; readonly low: number }
  | { readonly kind: "part"; readonly of: Expression; readonly base: Expression; readonly width: number }
  | { readonly kind: "cast"; readonly width: number; readonly operand: Expression }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] };

export type BinaryOperator =
  | "*"
  | "/"
  | "%"
  | "+"
  | "-"
  | "<<"
  | ">>>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "=="
  | "!="
  | "!=="
  | "&"
  | "^"
  | "|"
  | "&&"
  | "||";

export type Statement =
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "assign"; readonly blocking: boolean; readonly target: Expression; readonly value: Expression }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly yes: readonly Statement[];
      readonly no: readonly Statement[];
    }
  | { readonly kind: "for"; readonly variable: string; readonly below: Expression; readonly body: readonly Statement[] }
  | { readonly kind: "while"; readonly condition: Expression; readonly body: readonly Statement[] }
  | { readonly kind: "assert"; readonly condition: Expression; readonly message: readonly Expression[] }
  | { readonly kind: "edge"; readonly edge: "posedge" | "negedge"; readonly signal: Expression; readonly times: number }
  | { readonly kind: "delay"; readonly units: number }
  | { readonly kind: "task"; readonly name: string; readonly arguments: readonly Expression[] };

export type Item =
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "gap" }
  | Declaration
  | { readonly kind: "wire"; readonly target: Expression; readonly value: Expression }
  | {
      readonly kind: "registers";
      /** The signal that resets them while it is 0. */
      readonly resetBy: string;
      readonly reset: readonly Statement[];
      readonly next: readonly Statement[];
    }
  /** Registers without a reset: contents of memories. */
  | { readonly kind: "clocked"; readonly body: readonly Statement[] }
  | { readonly kind: "combinational"; readonly body: readonly Statement[] }
  | {
      readonly kind: "function";
      readonly name: string;
      readonly width: number | "real";
      readonly arguments: readonly Variable[];
      readonly variables: readonly Variable[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: "initial"; readonly body: readonly Statement[] }
  | { readonly kind: "clock"; readonly signal: Signal; readonly halfPeriod: number }
  | {
      readonly kind: "loop";
      readonly variable: string;
      readonly below: number;
      readonly label: string;
      readonly body: readonly Item[];
    }
  | {
      readonly kind: "when";
      readonly condition: Expression;
      readonly label: string;
      readonly yes: readonly Item[];
      readonly no: readonly Item[];
    }
  | {
      readonly kind: "instance";
      readonly module: string;
      readonly name: string;
      readonly parameters: readonly (readonly [string, Expression])[];
      readonly ports: readonly (readonly [string, Expression])[];
    }
  | { readonly kind: "simulation"; readonly body: readonly Item[] };

/** Signals of one type; with a value, a constant. */
export interface Declaration<Name extends string = string> {
  readonly kind: "declaration";
  readonly signals: readonly Signal<Name>[];
  readonly value: Expression | null;
  /** Of a memory that is read at the clock edge: tools shall build it of block memories, whatever they prefer. */
  readonly inBlocks?: boolean;
}

/** For a function; null bits: a signed 32-bit integer; `real`: a double. */
export interface Variable {
  readonly name: string;
  readonly width: number | "real" | null;
}

export interface Port<Name extends string = string> extends Signal<Name> {
  readonly direction: "input" | "output";
  readonly width: number;
}

export interface Module {
  readonly name: string;
  /** Theory, latency, extent verified: paragraphs above the module. */
  readonly header: readonly string[];
  /** Names and default values. */
  readonly parameters?: readonly (readonly [string, Expression])[];
  /** A macro: synthesis sees its ports but not its contents. */
  readonly isBlackBox?: boolean;
  readonly ports: readonly Port[];
  readonly items: readonly Item[];
}

export const name = (text: string): Expression => ({ kind: "name", name: text });
export const decimal = (value: number): Expression => ({
  kind: "number",
  value: BigInt(value),
  width: null,
  hex: false,
});
export const sized = (width: number, value: number | bigint): Expression => ({
  kind: "number",
  value: BigInt(value),
  width,
  hex: false,
});
export const hex = (width: number, value: number | bigint): Expression => ({
  kind: "number",
  value: BigInt(value),
  width,
  hex: true,
});
/** A double, for behavioural models of analog macros. */
export const real = (value: number): Expression => ({ kind: "real", value });
export const zeros: Expression = { kind: "fill", bit: 0 };
export const ones: Expression = { kind: "fill", bit: 1 };
export const text = (content: string): Expression => ({ kind: "text", text: content });
export const not = (operand: Expression): Expression => ({ kind: "unary", operator: "~", operand });
export const isFalse = (operand: Expression): Expression => ({ kind: "unary", operator: "!", operand });
export const parity = (operand: Expression): Expression => ({ kind: "unary", operator: "^", operand });
export const anyOne = (operand: Expression): Expression => ({ kind: "unary", operator: "|", operand });
export const allOnes = (operand: Expression): Expression => ({ kind: "unary", operator: "&", operand });
export const binary = (left: Expression, operator: BinaryOperator, right: Expression): Expression => ({
  kind: "binary",
  operator,
  left,
  right,
});
export const choose = (condition: Expression, yes: Expression, no: Expression): Expression => ({
  kind: "choice",
  condition,
  yes,
  no,
});
export const concat = (...parts: Expression[]): Expression => ({ kind: "concat", parts });
export const repeat = (times: number, part: Expression): Expression => ({ kind: "repeat", times, part });
export const bit = (of: Expression, index: Expression | number): Expression => ({
  kind: "bit",
  of,
  index: typeof index === "number" ? decimal(index) : index,
});
export const slice = (of: Expression, high: number, low: number): Expression => ({ kind: "slice", of, high, low });
export const part = (of: Expression, base: Expression, width: number): Expression => ({
  kind: "part",
  of,
  base,
  width,
});
/** Casts a number of unknown width, such as a loop variable, to the given number of bits. */
export const cast = (width: number, operand: Expression): Expression => ({ kind: "cast", width, operand });
export const call = (fn: string, ...args: Expression[]): Expression => ({ kind: "call", name: fn, arguments: args });

/** Sum of constants and names, with zeros left out: `4*i + 8`. */
export const times = (factor: number, variable: string): Expression =>
  factor === 1 ? name(variable) : binary(decimal(factor), "*", name(variable));
export const plus = (left: Expression, constant: number): Expression =>
  constant === 0 ? left : binary(left, "+", decimal(constant));

/** Zero-extends to `width`; the expression itself when it has that width. */
export const widen = (value: Expression, from: number, to: number): Expression =>
  to === from ? value : concat(sized(to - from, 0), value);
/** Appends zeros: a shift to the left by `count`. */
export const shifted = (value: Expression, count: number): Expression =>
  count === 0 ? value : concat(value, sized(count, 0));

export const set = (target: Expression, value: Expression): Statement => ({
  kind: "assign",
  blocking: false,
  target,
  value,
});
export const put = (target: Expression, value: Expression): Statement => ({
  kind: "assign",
  blocking: true,
  target,
  value,
});
export const when = (condition: Expression, yes: Statement[], no: Statement[] = []): Statement => ({
  kind: "if",
  condition,
  yes,
  no,
});

/** Registers at their reset. */
export const cleared = (...signals: Signal[]): Statement[] => signals.map((signal) => set(signal, zeros));

export const forEach = (variable: string, below: Expression | number, ...body: Statement[]): Statement => ({
  kind: "for",
  variable,
  below: typeof below === "number" ? decimal(below) : below,
  body,
});
export const loopWhile = (condition: Expression, ...body: Statement[]): Statement => ({
  kind: "while",
  condition,
  body,
});
export const assert = (condition: Expression, format: string, ...values: Expression[]): Statement => ({
  kind: "assert",
  condition,
  message: [text(format), ...values],
});

export const comment = (content: string): { readonly kind: "comment"; readonly text: string } => ({
  kind: "comment",
  text: content,
});
export const gap: Item = { kind: "gap" };
/** A signal that its owner declares with `declare`. */
export const signal = <Name extends string>(
  name: Name,
  width: number | null = 1,
  more?: Partial<Signal>,
): Signal<Name> => ({
  kind: "signal",
  width,
  signed: false,
  entries: null,
  ...more,
  name,
});
export const declare = <Name extends string>(...declared: Signal<Name>[]): Declaration<Name> => ({
  kind: "declaration",
  signals: declared,
  value: null,
});
export const logic = <Name extends string>(width: number, ...names: Name[]): Declaration<Name> =>
  declare(...names.map((one) => signal(one, width)));
export const signedLogic = <Name extends string>(width: number, ...names: Name[]): Declaration<Name> =>
  declare(...names.map((one) => signal(one, width, { signed: true })));
export const memory = <Name extends string>(width: number, name: Name, entries: number): Declaration<Name> =>
  declare(signal(name, width, { entries }));
export const inBlocks = <Name extends string>(memory: Declaration<Name>): Declaration<Name> => ({
  ...memory,
  inBlocks: true,
});
/** Signed numbers of 32 bits, in testbenches. */
export const integers = <Name extends string>(...names: Name[]): Declaration<Name> =>
  declare(...names.map((one) => signal(one, null)));
export const constant = <Name extends string>(name: Name, width: number, value: Expression): Declaration<Name> => ({
  ...declare(signal(name, width)),
  value,
});
/** Signals by name; one that some variants of a module lack is missing. */
export type Signals<Name extends string> = Readonly<Record<Name, Signal>>;
/** All signals of a module. */
export const signals = <P extends string, D extends string = never>(
  ports: readonly Port<P>[],
  declarations: readonly Declaration<D>[] = [],
): Signals<P | D> =>
  Object.fromEntries<Signal>(
    [...ports, ...declarations.flatMap((declaration) => declaration.signals)].map((one) => [one.name, one]),
  ) as Signals<P | D>;
export const wire = (target: Expression, value: Expression): Item => ({ kind: "wire", target, value });
/** Registers with an active-low asynchronous reset: lowRISC's form. */
export const registers = (reset: Statement[], next: Statement[], resetBy?: Signal): Item => ({
  kind: "registers",
  resetBy: resetBy?.name ?? "rst_ni",
  reset,
  next,
});
export const loop = (variable: string, below: number, label: string, body: Item[]): Item => ({
  kind: "loop",
  variable,
  below,
  label,
  body,
});
export const clocked = (...body: Statement[]): Item => ({ kind: "clocked", body });
export const combinational = (...body: Statement[]): Item => ({ kind: "combinational", body });
export const initial = (...body: Statement[]): Item => ({ kind: "initial", body });
/** What synthesis does not see. */
export const simulation = (...body: Item[]): Item => ({ kind: "simulation", body });
export const instance = (
  module: string,
  instanceName: string,
  ports: Readonly<Record<string, Expression>>,
  parameters: Readonly<Record<string, Expression>> = {},
): Item => ({
  kind: "instance",
  module,
  name: instanceName,
  parameters: Object.entries(parameters),
  ports: Object.entries(ports),
});
const port = <Name extends string>(direction: Port["direction"], name: Name, width: number): Port<Name> => ({
  kind: "signal",
  direction,
  name,
  width,
  signed: false,
  entries: null,
});
export const input = <Name extends string>(name: Name, width = 1): Port<Name> => port("input", name, width);
export const output = <Name extends string>(name: Name, width = 1): Port<Name> => port("output", name, width);
/** Clock and reset of every block, and how its instances take them. */
export const CLOCK = input("clk_i");
export const CLOCKED = [CLOCK, input("rst_ni")] as const;
export const CLOCKS = signals(CLOCKED);
