/**
 * Counts the transitions of every net of a mapped machine during a prompt. A dump of the simulated sources gives the values of
 * registers, macros, memories and ports in every clock; gates are computed from these, 32 clocks at a time, without delay. A
 * net changes at most once per clock, and glitches are not counted.
 *
 * The gates are checked at the same time: a register's computed next value must equal its value in the next clock of the dump.
 */
import { popcount32 } from "../../spike/train.ts";
import { simulateGates } from "../gates/simulate.ts";
import type { DumpListener, DumpVariable } from "./dump.ts";
import type { MappedNetlist } from "./mapped-netlist.ts";

export interface Transitions {
  /** Number of clocks counted: those in which the machine was busy. */
  readonly clocks: number;
  /** By net: how often sources and outputs of cells changed; 0 for others. */
  readonly ofNets: Float64Array;
  /** Sources of the netlist by kind, and how many of them the dump does not name: those are taken as 0 throughout. */
  readonly sources: Readonly<Record<Kind, SourceBits>>;
  /** For registers named in the dump: clocks in which the next value computed by gates differs from the dump. */
  readonly unequal: number;
  /** Number of register values compared. */
  readonly compared: number;
}
type Kind = MappedNetlist["sources"][number]["from"];

export interface SourceBits {
  readonly all: number;
  readonly unnamed: number;
}

/** Names in the scope of the machine's top. */
export interface Watched {
  readonly clock: string;
  readonly busy: string;
}

/** Bits of a word, one for each clock. */
const LANES = 32;
const [ZERO, ONE] = [0x30, 0x31];

/**
 * A listener of a dump, and its counts when the dump is over. A clock's values are those before its rising edge.
 *
 * @param scope of the machine's instance in the dump, such as `xpike_activity.u_tb.u_machine`
 * Throws (from `result`) Error when the dump has no busy clock, or does not contain clock and busy
 */
export function transitionCounter(
  netlist: MappedNetlist,
  scope: string,
  watched: Watched = { clock: "clk_i", busy: "busy_o" },
): DumpListener & { result(): Transitions } {
  const { sources, registers, cells } = netlist;
  const simulation = simulateGates({
    ...netlist,
    module: "",
    path: "",
    inputs: new Map(),
    outputs: new Map(),
    flipFlops: [],
  });
  /** By code: sources by bit, lowest first, and where they are inverted. */
  const targets = new Map<string, { sources: Int32Array; flip: number }[]>();
  const named = new Uint8Array(sources.length);
  let [clockCode, busyCode] = ["", ""];

  const now = new Uint8Array(sources.length);
  const words = new Int32Array(sources.length);
  let lanes = 0;
  let [clocks, unequal, compared] = [0, 0, 0];
  let phase: "before" | "busy" | "after" = "before";
  let [clockLevel, busyLevel] = ["0", "0"];
  const pending: [code: string, bits: string][] = [];

  const ofNets = new Float64Array(netlist.nets);
  /** Nets that are counted, and the value of each in the last counted clock. */
  const counted = Int32Array.from(
    new Set([...sources.map(({ net }) => net), ...cells.flatMap(({ outputs }) => outputs)]),
  );
  const last = new Uint8Array(counted.length);
  const sourceOf = new Int32Array(netlist.nets).fill(-1);
  for (const [s, { net }] of sources.entries()) sourceOf[net] = s;
  const expected = new Uint8Array(registers.length);
  let isFirst = true;

  const settle = () => {
    for (let s = 0; s < sources.length; s++) simulation.set(sources[s].net, words[s]);
    simulation.settle();
  };
  /** Counts the clocks that are held; the first ones only provide the previous values. */
  const count = () => {
    if (lanes === 0) return;
    settle();
    const mask = lanes === LANES ? -1 : (1 << lanes) - 1;
    for (let o = 0; o < counted.length; o++) {
      const word = simulation.get(counted[o]);
      if (!isFirst) ofNets[counted[o]] += popcount32((word ^ ((word << 1) | last[o])) & mask);
      last[o] = (word >>> (lanes - 1)) & 1;
    }
    for (let r = 0; r < registers.length; r++) {
      const register = registers[r];
      if (!named[sourceOf[register.output]]) continue;
      const held = simulation.get(register.output);
      const next = nextOf(register, simulation.get);
      // Compares the values in a clock with those computed from the clock before.
      const given = (next << 1) | expected[r];
      if (!isFirst) {
        unequal += popcount32((held ^ given) & mask);
        compared += lanes;
      }
      expected[r] = (next >>> (lanes - 1)) & 1;
    }
    isFirst = false;
    lanes = 0;
    words.fill(0);
  };
  const sample = () => {
    const isBusy = busyLevel === "1";
    if (phase === "busy" && !isBusy) {
      count();
      phase = "after";
    }
    if (phase === "after") return;
    if (phase === "before" && isBusy) {
      // Only the previous clock is held.
      count();
      phase = "busy";
    } else if (!isBusy) lanes = 0;
    if (lanes === 0) words.fill(0);
    for (let s = 0; s < sources.length; s++) words[s] |= now[s] << lanes;
    lanes++;
    if (!isBusy) return;
    clocks++;
    if (lanes === LANES) count();
  };

  const apply = (code: string, bits: string) => {
    if (code === clockCode) clockLevel = bits;
    if (code === busyCode) busyLevel = bits;
    for (const { sources: indices, flip } of targets.get(code) ?? []) {
      for (let bit = 0; bit < indices.length; bit++) {
        const source = indices[bit];
        if (source < 0) continue;
        const character = bit < bits.length ? bits.charCodeAt(bits.length - 1 - bit) : ZERO;
        now[source] = (character === ONE ? 1 : 0) ^ flip;
      }
    }
  };

  return {
    begin(variables: readonly DumpVariable[]) {
      const codes = new Map(variables.map((variable) => [variable.path, variable]));
      const codeOf = (name: string) => codes.get(`${scope}.${name}`)?.code ?? "";
      [clockCode, busyCode] = [codeOf(watched.clock), codeOf(watched.busy)];
      for (const { path, sources: indices, isInverted } of netlist.names) {
        const variable = codes.get(`${scope}.${path}`);
        if (variable?.width !== indices.length) continue;
        const fresh = indices.map((source) => (source >= 0 && !named[source] ? source : -1));
        if (fresh.every((source) => source < 0)) continue;
        for (const source of fresh) if (source >= 0) named[source] = 1;
        const all = targets.get(variable.code) ?? [];
        all.push({ sources: fresh, flip: isInverted ? 1 : 0 });
        targets.set(variable.code, all);
      }
    },
    change(code, bits) {
      if (targets.has(code) || code === clockCode || code === busyCode) pending.push([code, bits]);
    },
    moment() {
      const rises = clockLevel === "0" && pending.some(([code, bits]) => code === clockCode && bits === "1");
      if (rises) sample();
      for (const [code, bits] of pending) apply(code, bits);
      pending.length = 0;
    },
    result() {
      count();
      if (clockCode === "" || busyCode === "")
        throw new Error(`The dump has no ${watched.clock} or ${watched.busy} in ${scope}.`);
      if (clocks === 0) throw new Error("The machine was never busy in the dump.");
      const of = (kind: Kind) => {
        const mine = sources.flatMap(({ from }, s) => (from === kind ? [named[s]] : []));
        return { all: mine.length, unnamed: mine.filter((isNamed) => !isNamed).length };
      };
      const kinds = { register: of("register"), blackBox: of("blackBox"), port: of("port") };
      return { clocks, ofNets, sources: kinds, unequal, compared };
    },
  };
}

/** A register's next value at the end of a clock, for 32 clocks. */
function nextOf(
  { data, output, enable, enableNet, reset, resetNet }: MappedNetlist["registers"][number],
  get: (net: number) => number,
): number {
  const enabled = enable === null ? -1 : get(enableNet) ^ (enable.activeHigh ? 0 : -1);
  const loaded = (get(data) & enabled) | (get(output) & ~enabled);
  if (reset === null) return loaded;
  const asked = get(resetNet) ^ (reset.activeHigh ? 0 : -1);
  const resets = reset.acts === "when-enabled" ? asked & enabled : asked;
  return (loaded & ~resets) | (reset.value === 1 ? resets : 0);
}
