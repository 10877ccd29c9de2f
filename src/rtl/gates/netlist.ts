/**
 * Reads a netlist of generic gates, as written by Yosys with `write_json` after `synth -flatten`, and orders its gates for
 * evaluation.
 *
 * The file is checked before anything is built from it: size, types, one driver per net, no combinational loop, one clock that
 * drives only flip-flops, asynchronous resets straight from a port. A netlist that passes is two-valued: constants x and z are
 * refused, as is every cell that `cells.ts` does not support.
 */
import { FileError } from "../../errors.ts";
import { type FlipFlopType, flipFlopType, GATES, type Gate, gateType } from "./cells.ts";
import { levelise } from "./levelise.ts";

/** Nets 0 and 1 are the constants; the others follow. */
export const CONSTANT_NETS = 2;

export interface FlipFlop extends FlipFlopType {
  readonly data: number;
  readonly output: number;
  /** Nets of the reset and of the enable; constants if absent. */
  readonly resetNet: number;
  readonly enableNet: number;
}

export interface GateNetlist {
  readonly module: string;
  /** File name, for error messages. */
  readonly path: string;
  readonly nets: number;
  /** Nets of every port, least significant bit first. The clock is listed among the inputs and cannot be set. */
  readonly inputs: ReadonlyMap<string, readonly number[]>;
  readonly outputs: ReadonlyMap<string, readonly number[]>;
  /** In evaluation order: by level, and by type within a level. */
  readonly gates: readonly Gate[];
  readonly flipFlops: readonly FlipFlop[];
  /** Gates on the longest path between registers and ports. */
  readonly depth: number;
}

const LARGEST_TEXT = 2 ** 28;
const MOST_CELLS = 2 ** 22;
const WIDEST_PORT = 2 ** 16;

/**
 * The netlist of `module` in a JSON text.
 * Throws  FileError at `path` when it is not such a netlist, or needs more than two values or one clock
 */
export function readNetlist(text: string, module: string, path = "gates.json"): GateNetlist {
  const refuse = (what: string): never => {
    throw new FileError(path, `${what} Write it with Yosys: synth -flatten, then write_json.`);
  };
  if (text.length > LARGEST_TEXT)
    refuse(`The netlist has ${text.length} characters, more than the limit of ${LARGEST_TEXT}.`);
  const modules = asRecord(asRecord(parse(text, refuse))?.modules);
  const found = modules && Object.hasOwn(modules, module) ? asRecord(modules[module]) : null;
  if (!found) return refuse(`The file is not a netlist with a module ${module}.`);
  const [ports, cells] = [asRecord(found.ports), asRecord(found.cells)];
  if (!ports || !cells) return refuse(`Module ${module} has no ports or no cells.`);
  const size = Object.keys(cells).length;
  if (size > MOST_CELLS) refuse(`The module has ${size} cells, more than the limit of ${MOST_CELLS}.`);
  for (const net of Object.values(asRecord(found.netnames) ?? {})) {
    if (asRecord(asRecord(net)?.attributes)?.init !== undefined) {
      refuse("A flip-flop has an initial value, which gates without a reset cannot have.");
    }
  }

  const nets = new Map<number, number>();
  const drivers = new Map<number, string>();
  const netOf = (bit: unknown, where: string): number => {
    if (bit === "0" || bit === "1") return Number(bit);
    if (bit === "x" || bit === "z") return refuse(`${where} is ${bit}, but only 0 and 1 are simulated.`);
    if (typeof bit !== "number" || !Number.isInteger(bit) || bit < 2) return refuse(`${where} is not a net.`);
    const known = nets.get(bit) ?? nets.size + CONSTANT_NETS;
    nets.set(bit, known);
    return known;
  };
  const drive = (net: number, driver: string): number => {
    const other = net < CONSTANT_NETS ? "a constant" : drivers.get(net);
    if (other !== undefined) refuse(`A net is driven by ${other} and by ${driver}.`);
    drivers.set(net, driver);
    return net;
  };

  const inputs = new Map<string, readonly number[]>();
  const outputs = new Map<string, readonly number[]>();
  for (const [name, value] of Object.entries(ports)) {
    const port = asRecord(value);
    const bits = port?.bits;
    if (!Array.isArray(bits) || bits.length < 1 || bits.length > WIDEST_PORT) {
      return refuse(`Port ${name} has no list of 1 to ${WIDEST_PORT} bits.`);
    }
    const list = bits.map((bit) => netOf(bit, `A bit of port ${name}`));
    if (port?.direction === "input")
      inputs.set(
        name,
        list.map((net) => drive(net, `port ${name}`)),
      );
    else if (port?.direction === "output") outputs.set(name, list);
    else refuse(`Port ${name} is neither input nor output.`);
  }

  const gates: Gate[] = [];
  const flipFlops: FlipFlop[] = [];
  const clocks = new Set<string>();
  for (const [name, value] of Object.entries(cells)) {
    const cell = asRecord(value);
    const type = String(cell?.type);
    const connections = asRecord(cell?.connections);
    const pin = (letter: string): number => {
      const bits = connections && Object.hasOwn(connections, letter) ? connections[letter] : null;
      if (!Array.isArray(bits) || bits.length !== 1)
        return refuse(`Cell ${name} (${type}) has no single bit at ${letter}.`);
      return netOf(bits[0], `Pin ${letter} of cell ${name} (${type})`);
    };
    const gate = gateType(type);
    const flipFlop = flipFlopType(type);
    if (gate) {
      gates.push({ type: gate, inputs: GATES[gate].map(pin), output: drive(pin("Y"), `cell ${name}`), name });
    } else if (flipFlop) {
      clocks.add(`${pin("C")} ${flipFlop.clockEdge}`);
      flipFlops.push({
        ...flipFlop,
        data: pin("D"),
        output: drive(pin("Q"), `cell ${name}`),
        resetNet: flipFlop.reset ? pin("R") : 0,
        enableNet: flipFlop.enable ? pin("E") : 1,
      });
    } else {
      refuse(`Cell ${name} is ${type}, which is neither a gate with one to four inputs nor a supported flip-flop.`);
    }
  }

  const ofPorts = new Set([...inputs.values()].flat());
  const clock = clocks.size === 0 ? null : Number([...clocks][0].split(" ")[0]);
  if (clocks.size > 1 || (clock !== null && !ofPorts.has(clock))) {
    refuse("Flip-flops do not share one edge of one clock that comes from a port.");
  }
  for (const { reset, resetNet } of flipFlops) {
    const direct = resetNet < CONSTANT_NETS || ofPorts.has(resetNet);
    if (reset?.acts === "before-clock" && !direct) refuse("A gate drives an asynchronous reset.");
  }
  const read = [
    ...gates.flatMap((gate) => gate.inputs),
    ...flipFlops.flatMap((flipFlop) => [flipFlop.data, flipFlop.resetNet, flipFlop.enableNet]),
    ...[...outputs.values()].flat(),
  ];
  for (const net of read) {
    if (net === clock) refuse("The clock drives other pins than clock pins.");
    if (net >= CONSTANT_NETS && !drivers.has(net)) refuse("A net is read, but nothing drives it.");
  }
  const total = nets.size + CONSTANT_NETS;
  const order = levelise(gates, total);
  if ("loop" in order) return refuse(`The gates form a loop: ${order.loop} waits for its own output.`);
  return { module, path, nets: total, inputs, outputs, gates: order.gates, flipFlops, depth: order.depth };
}

/** The nets of a port of this width. Throws FileError when the netlist has none. */
export function portNets(netlist: GateNetlist, direction: "input" | "output", name: string, width: number) {
  const nets = (direction === "input" ? netlist.inputs : netlist.outputs).get(name);
  if (nets?.length === width) return nets;
  const actual = nets ? `has ${nets.length} bits` : "is missing";
  throw new FileError(
    netlist.path,
    `The ${direction} ${name} of ${netlist.module} ${actual}, but ${width} bits are expected. Synthesise the design that is run.`,
  );
}

function parse(text: string, refuse: (what: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`The file is not JSON: ${(error as Error).message}.`);
  }
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
