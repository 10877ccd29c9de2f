/**
 * Simulates a gate netlist, 32 runs in parallel: bit r of every word belongs to run r.
 *
 * Gates have no delay and no unknown value: between two clock edges every net settles to 0 or 1. The contents of flip-flops
 * before the first reset can be drawn at random, so a run shows whether the reset reaches all of them. Gates are evaluated
 * level by level, in loops over gates of one type (`levelise.ts`).
 */
import type { Stream } from "../../numeric/stream.ts";
import type { Gate, GateType } from "./cells.ts";
import type { GateNetlist } from "./netlist.ts";

export interface GateSimulation {
  /** Fills every flip-flop in every run with random content; initially all hold 0. */
  powerUp(random: Stream): void;
  /** Sets an input net in all 32 runs. */
  set(net: number, runs: number): void;
  /** A net in all 32 runs, as of the last `settle`. */
  get(net: number): number;
  /** Applies resets and lets gates follow their inputs. */
  settle(): void;
  /** One clock edge: flip-flops take their inputs as of the last `settle`. Settle again to see the result. */
  clock(): void;
}

/** A simulation in which all inputs and flip-flops are 0. */
export function simulateGates(netlist: GateNetlist): GateSimulation {
  const values = new Int32Array(netlist.nets);
  values[1] = -1;
  const runs = runsOf(netlist.gates);
  const registers = registersOf(netlist);
  const { count, data, output, enable, enableInverts, reset, resetInverts, resetValue, asynchronous } = registers;
  const next = new Int32Array(count);

  const settle = () => {
    for (let n = 0; n < count; n++) {
      const resets = (values[reset[n]] ^ resetInverts[n]) & asynchronous[n];
      values[output[n]] = (values[output[n]] & ~resets) | (resetValue[n] & resets);
    }
    for (const run of runs) evaluate(run, values);
  };
  const clock = () => {
    for (let n = 0; n < count; n++) {
      const enabled = values[enable[n]] ^ enableInverts[n];
      const resets = (values[reset[n]] ^ resetInverts[n]) & (enabled | ~registers.gated[n]);
      const loaded = (values[data[n]] & enabled) | (values[output[n]] & ~enabled);
      next[n] = (loaded & ~resets) | (resetValue[n] & resets);
    }
    for (let n = 0; n < count; n++) values[output[n]] = next[n];
  };
  return {
    powerUp: (random) => {
      for (let n = 0; n < count; n++) values[output[n]] = random.word();
    },
    set: (net, lanes) => {
      values[net] = lanes;
    },
    get: (net) => values[net],
    settle,
    clock,
  };
}

/** Flip-flops as columns of words: all ones where a property holds. */
function registersOf({ flipFlops }: GateNetlist) {
  const column = (of: (flipFlop: GateNetlist["flipFlops"][number]) => number) => Int32Array.from(flipFlops, of);
  const mask = (holds: boolean) => (holds ? -1 : 0);
  return {
    count: flipFlops.length,
    data: column(({ data }) => data),
    output: column(({ output }) => output),
    enable: column(({ enableNet }) => enableNet),
    enableInverts: column(({ enable }) => mask(enable?.activeHigh === false)),
    // Without a reset the net is constant 0, which never resets.
    reset: column(({ resetNet }) => resetNet),
    resetInverts: column(({ reset }) => mask(reset?.activeHigh === false)),
    resetValue: column(({ reset }) => mask(reset?.value === 1)),
    asynchronous: column(({ reset }) => mask(reset?.acts === "before-clock")),
    gated: column(({ reset }) => mask(reset?.acts === "when-enabled")),
  };
}

/** Adjacent gates of one type; if they span levels, gates come after those they read from. */
interface Run {
  readonly type: GateType;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly c: Int32Array;
  readonly d: Int32Array;
  readonly y: Int32Array;
}

function runsOf(gates: readonly Gate[]): Run[] {
  const runs: Run[] = [];
  for (let from = 0, to = 0; from < gates.length; from = to) {
    while (to < gates.length && gates[to].type === gates[from].type) to++;
    const part = gates.slice(from, to);
    const [a, b, c, d] = [0, 1, 2, 3].map((pin) => Int32Array.from(part, ({ inputs }) => inputs[pin] ?? 0));
    runs.push({ type: gates[from].type, a, b, c, d, y: Int32Array.from(part, ({ output }) => output) });
  }
  return runs;
}

function evaluate({ type, a, b, c, d, y }: Run, v: Int32Array): void {
  const n = y.length;
  switch (type) {
    case "BUF":
      for (let i = 0; i < n; i++) v[y[i]] = v[a[i]];
      break;
    case "NOT":
      for (let i = 0; i < n; i++) v[y[i]] = ~v[a[i]];
      break;
    case "AND":
      for (let i = 0; i < n; i++) v[y[i]] = v[a[i]] & v[b[i]];
      break;
    case "NAND":
      for (let i = 0; i < n; i++) v[y[i]] = ~(v[a[i]] & v[b[i]]);
      break;
    case "OR":
      for (let i = 0; i < n; i++) v[y[i]] = v[a[i]] | v[b[i]];
      break;
    case "NOR":
      for (let i = 0; i < n; i++) v[y[i]] = ~(v[a[i]] | v[b[i]]);
      break;
    case "XOR":
      for (let i = 0; i < n; i++) v[y[i]] = v[a[i]] ^ v[b[i]];
      break;
    case "XNOR":
      for (let i = 0; i < n; i++) v[y[i]] = ~(v[a[i]] ^ v[b[i]]);
      break;
    case "ANDNOT":
      for (let i = 0; i < n; i++) v[y[i]] = v[a[i]] & ~v[b[i]];
      break;
    case "ORNOT":
      for (let i = 0; i < n; i++) v[y[i]] = v[a[i]] | ~v[b[i]];
      break;
    case "MUX":
      for (let i = 0; i < n; i++) v[y[i]] = (v[a[i]] & ~v[c[i]]) | (v[b[i]] & v[c[i]]);
      break;
    case "NMUX":
      for (let i = 0; i < n; i++) v[y[i]] = ~((v[a[i]] & ~v[c[i]]) | (v[b[i]] & v[c[i]]));
      break;
    case "AOI3":
      for (let i = 0; i < n; i++) v[y[i]] = ~((v[a[i]] & v[b[i]]) | v[c[i]]);
      break;
    case "OAI3":
      for (let i = 0; i < n; i++) v[y[i]] = ~((v[a[i]] | v[b[i]]) & v[c[i]]);
      break;
    case "AOI4":
      for (let i = 0; i < n; i++) v[y[i]] = ~((v[a[i]] & v[b[i]]) | (v[c[i]] & v[d[i]]));
      break;
    case "OAI4":
      for (let i = 0; i < n; i++) v[y[i]] = ~((v[a[i]] | v[b[i]]) & (v[c[i]] | v[d[i]]));
      break;
  }
}
