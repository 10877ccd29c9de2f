/**
 * Testbenches that play lines: what a block is given in each clock, what must come out of it, and which corners this reaches. The
 * lines come from models in whole numbers, written from `docs/rtl-machine.md` and not from the generators (`numbers.ts`,
 * `edge-model.ts`).
 *
 * A line is applied at a falling edge and compared at the next rising one, before registers change.
 */
import type { SourceFiles } from "../design.ts";
import { both } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import { complaints, count, fallingEdges, risingEdge, task } from "../testbench-parts.ts";

const RESET = "rst_ni";

/** Bits of a field, the highest first. */
export type Bits = string;

/** A signal between a block and its player. */
export interface Field {
  readonly name: string;
  readonly width: number;
}

export interface Compared extends Field {
  /** A driven field of one bit, or a gate: lines in which it is 0 do not compare this one. Null: all lines do. */
  readonly when: string | null;
}

export interface Line {
  /** Every field, driven and compared. */
  readonly values: Readonly<Record<string, Bits>>;
  /** Corners that it reaches, among the points. */
  readonly reached: readonly string[];
}

export interface Play {
  /** Of the block. */
  readonly block: string;
  readonly driven: readonly Field[];
  readonly compared: readonly Compared[];
  /** Bits of a line that are no signal of the block, for `when`. */
  readonly gates?: readonly string[];
  readonly lines: readonly Line[];
  /** Corners that are counted, and for those that this block cannot reach the reason. */
  readonly points: Readonly<Record<string, string | null>>;
  /** Parameters of the block. */
  readonly parameters?: Readonly<Record<string, sv.Expression>>;
  /** Contents that they name, besides the lines. */
  readonly files?: SourceFiles;
}

/** A whole number in two's complement; a word may have more bits than a double can count. */
export function bitsOf(value: number, width: number): Bits {
  if (width > 52) return BigInt.asUintN(width, BigInt(value)).toString(2).padStart(width, "0");
  const wrapped = ((value % 2 ** width) + 2 ** width) % 2 ** width;
  return wrapped.toString(2).padStart(width, "0");
}

/** Numbers side by side, the first in the low bits. */
export const packed = (values: readonly number[], width: number): Bits =>
  values
    .map((value) => bitsOf(value, width))
    .reverse()
    .join("");

export const flag = (value: boolean): Bits => (value ? "1" : "0");

export const playName = (block: string): string => `play_${block}`;
export const linesFile = (block: string): string => `${playName(block)}.hex`;

/** The fields of a line, the highest first, behind the marks of its points. */
const fieldsOf = ({ compared, driven, gates = [] }: Play): Field[] => [
  ...compared,
  ...driven,
  ...gates.map((name) => ({ name, width: 1 })),
];

/** The lines as a file for $readmemh. */
export function linesText(play: Play): readonly [string, string] {
  const { block, lines, points } = play;
  const fields = fieldsOf(play);
  const counted = Object.keys(points);
  const texts = lines.map(({ values, reached }) =>
    hexOf(
      [...counted.map((point) => flag(reached.includes(point))), ...fields.map(({ name }) => values[name])].join(""),
    ),
  );
  return [linesFile(block), `${texts.join("\n")}\n`];
}

const hexOf = (bits: Bits): string =>
  BigInt(`0b${bits}`)
    .toString(16)
    .padStart(Math.ceil(bits.length / 4), "0");

const settle: sv.Statement = { kind: "delay", units: 1 };

/** What a player makes of its lines: fields as signals, in the order of a line. */
function read(play: Play, signals: readonly sv.Signal[]) {
  const counted = Object.keys(play.points).map((point, n) => ({ point, counter: sv.signal(`reached_${n}`, null) }));
  const fields = fieldsOf(play);
  const width = counted.length + fields.reduce((sum, one) => sum + one.width, 0);
  const lines = sv.signal("lines", width, { entries: play.lines.length });
  const line = sv.signal("line", width);
  const [n, errors] = [sv.signal("n", null), sv.signal("errors", null)];
  let low = width - counted.length;
  const places = new Map<string, sv.Expression>();
  for (const one of fields) {
    low -= one.width;
    places.set(one.name, sv.slice(line, low + one.width - 1, low));
  }
  const marks = counted.map(({ counter }, at) =>
    sv.when(sv.bit(line, width - 1 - at), [sv.put(counter, sv.binary(counter, "+", sv.decimal(1)))]),
  );
  const place = (name: string) => places.get(name)!;
  const signalOf = (name: string) => signals.find((one) => one.name === name)!;
  const resets = play.driven.flatMap(({ name }) => (name === RESET ? [signalOf(name)] : []));
  const complain = complaints(errors, 4);
  const compare = play.compared.map(({ name, when }) => {
    const got = signalOf(name);
    const isWrong = sv.binary(got, "!==", place(name));
    return complain(
      when === null ? isWrong : sv.binary(place(when), "&&", isWrong),
      `${play.block}, line %0d: ${name} is %h, expected %h`,
      n,
      got,
      place(name),
    );
  });
  return {
    declared: [
      sv.declare(lines),
      sv.declare(line),
      sv.declare(n, errors),
      ...(counted.length > 0 ? [sv.declare(...counted.map(({ counter }) => counter))] : []),
    ],
    start: [
      ...[n, errors, ...counted.map(({ counter }) => counter)].map((one) => sv.put(one, sv.decimal(0))),
      task("$readmemh", sv.text(linesFile(play.block)), lines),
      // A reset that falls before the first rising edge.
      ...resets.map((reset) => sv.put(reset, sv.sized(1, 1))),
      settle,
      ...play.driven.map(({ name }) => sv.put(signalOf(name), sv.zeros)),
    ],
    end: play.driven.map(({ name }) => sv.put(signalOf(name), sv.zeros)),
    isPlaying: sv.binary(n, "<", sv.decimal(play.lines.length)),
    next: [sv.put(line, sv.bit(lines, n)), ...play.driven.map(({ name }) => sv.put(signalOf(name), place(name)))],
    check: [...compare, ...marks, count(n)],
    covered: Object.entries(play.points).map(([point, reason]) => {
      const counter = counted.find((one) => one.point === point)!.counter;
      return reason === null
        ? task("$display", sv.text(`COVER ${play.block} ${point} %0d`), counter)
        : task("$display", sv.text(`COVER ${play.block} ${point} none ${reason}`));
    }),
    errors,
  };
}

/** A block with the lines that it is played. `done_o` rises at the end; `errors` counts what differs. */
export function player(play: Play, block: sv.Module): sv.Module {
  const done = sv.output("done_o");
  const fields = [...play.compared, ...play.driven].map(({ name, width }) => sv.signal(name, width));
  const { declared, start, isPlaying, next, check, end, covered } = read(play, fields);
  const isClocked = block.ports.some(({ name }) => name === sv.CLOCK.name);
  return {
    name: playName(play.block),
    header: [`Plays ${play.lines.length} lines to ${play.block}, and compares what comes out.`],
    ports: [sv.CLOCK, done],
    items: [
      ...fields.map((field) => sv.declare(field)),
      ...declared,
      sv.instance(
        play.block,
        "u_block",
        {
          ...(isClocked ? { clk_i: sv.CLOCK } : {}),
          ...Object.fromEntries(fields.map((field) => [field.name, field])),
        },
        play.parameters,
      ),
      sv.initial(
        ...start,
        sv.put(done, sv.sized(1, 0)),
        sv.loopWhile(isPlaying, fallingEdges(sv.CLOCK), ...next, risingEdge(sv.CLOCK), ...check),
        ...end,
        ...covered,
        sv.put(done, sv.sized(1, 1)),
      ),
    ],
  };
}

/** The surroundings of a block instead of a block: a module with that name whose outputs follow the lines. */
export function standIn(play: Play, replaced: string, ports: readonly sv.Port[]): sv.Module {
  const signals = [...play.compared, ...play.driven].map(({ name }) => ports.find((port) => port.name === name)!);
  const { declared, start, isPlaying, next, check, errors } = read(play, signals);
  return {
    name: replaced,
    header: [`Stands in for ${replaced}: its outputs follow ${play.lines.length} lines, which its inputs must equal.`],
    ports,
    items: [
      ...declared,
      sv.initial(
        ...start,
        sv.loopWhile(isPlaying, fallingEdges(sv.CLOCK), ...next, risingEdge(sv.CLOCK), ...check),
        sv.when(sv.binary(errors, "!=", sv.decimal(0)), [
          task("$display", sv.text("FAIL %0d errors behind it"), errors),
        ]),
      ),
    ],
  };
}

/** A testbench with players side by side; prints a line that begins with PASS or FAIL. */
export function playBench(name: string, plays: readonly Play[], what: string): sv.Module {
  const clock = sv.signal("clk_i");
  const done = plays.map((_, n) => sv.signal(`done_${n}`));
  const errors = sv.signal("errors", null);
  const allDone = both(...done);
  const lines = plays.reduce((sum, play) => sum + play.lines.length, 0);
  return {
    name,
    header: [`Plays lines to ${what}: what they are given, and what must come out, from a model in whole numbers.`],
    ports: [],
    items: [
      sv.declare(clock, ...done),
      sv.declare(errors),
      { kind: "clock", signal: clock, halfPeriod: 5 },
      ...plays.map((play, n) => sv.instance(playName(play.block), `u_play_${n}`, { clk_i: clock, done_o: done[n] })),
      sv.initial(
        sv.put(errors, sv.decimal(0)),
        fallingEdges(clock),
        sv.loopWhile(sv.isFalse(allDone), fallingEdges(clock)),
        ...plays.map((_, n) => sv.put(errors, sv.binary(errors, "+", sv.name(`u_play_${n}.errors`)))),
        sv.when(
          sv.binary(errors, "==", sv.decimal(0)),
          [task("$display", sv.text(`PASS ${lines} lines, ${what}`))],
          [task("$display", sv.text("FAIL %0d errors"), errors)],
        ),
        task("$finish"),
      ),
    ],
  };
}
