/**
 * Flattens a machine mapped to a cell library, as Yosys writes it with its hierarchy, into one netlist of generic gates: every
 * module instance, and every cell by its function in the library. Cells and scopes keep their names, so counts can be compared
 * with other tools' on the same netlist. Macros and memories stay black boxes; their outputs come from elsewhere, like those of
 * registers and ports.
 */
import { FileError } from "../../errors.ts";
import { type FlipFlopType, flipFlopType, GATES, type Gate, type GateType, gateType } from "../gates/cells.ts";
import { levelise } from "../gates/levelise.ts";
import { CONSTANT_NETS } from "../gates/netlist.ts";

/** A cell of the library in an instance of a module. */
export interface MappedCell {
  /** Instances from the top down, then the cell, between slashes. */
  readonly path: string;
  /** The module that holds it. */
  readonly module: string;
  /** Its name in the library. */
  readonly type: string;
  readonly isRegister: boolean;
  /** Nets of its pins, inputs too. */
  readonly pins: readonly (readonly [pin: string, net: number])[];
  /** Nets of its outputs. */
  readonly outputs: readonly number[];
}

/** Nets of a register's next value. */
export interface MappedRegister extends FlipFlopType {
  readonly cell: string;
  readonly data: number;
  readonly output: number;
  readonly resetNet: number;
  readonly enableNet: number;
}

/** A net with values that do not come from a gate. */
export interface Source {
  readonly net: number;
  readonly from: "register" | "blackBox" | "port";
}

/** Source names of the nets that `sources` has. */
export interface SourceName {
  /** Scopes and name, joined by dots. */
  readonly path: string;
  /** For every bit, lowest first: index of the source, or -1. */
  readonly sources: Int32Array;
  /** Whether the bits are the inverse of the sources. */
  readonly isInverted: boolean;
}

export interface MappedNetlist {
  readonly nets: number;
  /** In the order of evaluation. */
  readonly gates: readonly Gate[];
  readonly depth: number;
  readonly cells: readonly MappedCell[];
  readonly registers: readonly MappedRegister[];
  readonly sources: readonly Source[];
  readonly names: readonly SourceName[];
  /** Instances of every module, leaves first. */
  readonly instances: ReadonlyMap<string, number>;
}

/** JSON of Yosys's `write_json`, as far as it is used. */
export interface JsonDesign {
  readonly modules: Readonly<Record<string, JsonModule>>;
}
export interface JsonModule {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly ports: Readonly<Record<string, { readonly direction: string; readonly bits: readonly Bit[] }>>;
  readonly cells: Readonly<Record<string, JsonCell>>;
  readonly netnames: Readonly<Record<string, { readonly hide_name: number; readonly bits: readonly Bit[] }>>;
}
export interface JsonCell {
  readonly type: string;
  readonly port_directions?: Readonly<Record<string, string>>;
  readonly connections: Readonly<Record<string, readonly Bit[]>>;
}
export type Bit = number | string;

export interface MappedDesign {
  readonly top: string;
  /** The mapped modules. */
  readonly mapped: JsonDesign;
  /**
   * The modules with library registers and inverters, before gates were mapped: they tell which registers hold the inverse of
   * the named signal.
   */
  readonly registers: JsonDesign;
  /** Every cell of the library as generic gates. */
  readonly library: JsonDesign;
}

interface Scope {
  readonly parts: readonly string[];
  readonly module: string;
  /** Net of a bit of the module, before connections are resolved. */
  readonly netOf: (bit: Bit) => number;
}

/**
 * Throws  FileError at `path` for a combinational loop, or a library cell that is neither gates nor a flip-flop
 */
export function flattenMapped(
  { top, mapped, registers: before, library }: MappedDesign,
  path = "mapped.json",
): MappedNetlist {
  // Union of connected nets: each points to the smallest of its group; constants stay.
  const same: number[] = [0, 1];
  const rootOf = (net: number): number => {
    let root = net;
    while (same[root] !== root) root = same[root];
    for (let next = net; next !== root; ) [next, same[next]] = [same[next], root];
    return root;
  };
  const connect = (a: number, b: number) => {
    const [left, right] = [rootOf(a), rootOf(b)];
    same[Math.max(left, right)] = Math.min(left, right);
  };
  const freshNets = () => {
    const nets = new Map<number, number>();
    return (bit: Bit): number => {
      // Undefined bits were set to 0.
      if (typeof bit === "string") return bit === "1" ? 1 : 0;
      const known = nets.get(bit);
      if (known !== undefined) return known;
      same.push(same.length);
      nets.set(bit, same.length - 1);
      return same.length - 1;
    };
  };

  const gates: Gate[] = [];
  const cells: MappedCell[] = [];
  const registers: MappedRegister[] = [];
  const driven: Source[] = [];
  const scopes: Scope[] = [];
  const instances = new Map<string, number>();

  const inline = (cell: JsonCell, name: string, outer: Scope["netOf"]) => {
    const { ports, cells: parts } = library.modules[cell.type];
    const inner = freshNets();
    const inputs = new Set(Object.values(ports).flatMap(({ direction, bits }) => (direction === "input" ? bits : [])));
    for (const [pin, { direction, bits }] of Object.entries(ports)) {
      for (const [n, bit] of bits.entries()) {
        const outside = cell.connections[pin]?.[n];
        if (outside === undefined) continue;
        // Yosys reads a buffer as one net.
        if (direction === "output" && inputs.has(bit)) {
          gates.push({ type: "BUF", inputs: [inner(bit)], output: outer(outside), name });
        } else connect(inner(bit), outer(outside));
      }
    }
    for (const { type, connections } of Object.values(parts)) {
      const pin = (letter: string) => inner(connections[letter][0]);
      const [gate, flipFlop] = [gateType(type), flipFlopType(type)];
      if (gate) gates.push({ type: gate, inputs: GATES[gate].map(pin), output: pin("Y"), name });
      else if (flipFlop) {
        registers.push({
          ...flipFlop,
          cell: name,
          data: pin("D"),
          output: pin("Q"),
          resetNet: flipFlop.reset ? pin("R") : 0,
          enableNet: flipFlop.enable ? pin("E") : 1,
        });
        driven.push({ net: pin("Q"), from: "register" });
      } else throw new FileError(path, `Cell ${cell.type} of the library holds a ${type}, which is not simulated.`);
    }
  };
  const enter = (module: string, parts: readonly string[], netOf: Scope["netOf"]) => {
    scopes.push({ parts, module, netOf });
    for (const [name, cell] of Object.entries(mapped.modules[module].cells)) {
      const below = mapped.modules[cell.type];
      const inside = [...parts, name];
      const pins = Object.entries(cell.connections);
      if (Object.hasOwn(library.modules, cell.type)) {
        const full = inside.join("/");
        const before = registers.length;
        inline(cell, full, netOf);
        const outputs = pins.filter(([pin]) => library.modules[cell.type].ports[pin]?.direction === "output");
        cells.push({
          path: full,
          module,
          type: cell.type,
          isRegister: registers.length > before,
          pins: pins.flatMap(([pin, bits]) => bits.map((bit) => [pin, netOf(bit)] as const)),
          outputs: outputs.flatMap(([, bits]) => bits.map(netOf)),
        });
      } else if (below !== undefined && below.attributes?.blackbox === undefined) {
        const inner = freshNets();
        for (const [pin, bits] of pins)
          for (const [n, bit] of bits.entries()) connect(inner(below.ports[pin].bits[n]), netOf(bit));
        enter(cell.type, inside, inner);
      } else {
        for (const [pin, bits] of pins) {
          const isOutput = (cell.port_directions?.[pin] ?? below?.ports[pin]?.direction) === "output";
          if (isOutput) for (const bit of bits) driven.push({ net: netOf(bit), from: "blackBox" });
        }
      }
    }
    instances.set(module, (instances.get(module) ?? 0) + 1);
  };
  const outermost = freshNets();
  enter(top, [], outermost);
  for (const { direction, bits } of Object.values(mapped.modules[top].ports)) {
    if (direction === "input") for (const bit of bits) driven.push({ net: outermost(bit), from: "port" });
  }

  const sources = driven.map(({ net, from }) => ({ net: rootOf(net), from })).filter(({ net }) => net >= CONSTANT_NETS);
  const followed = gates.map(({ type, inputs, output, name }) => ({
    type,
    inputs: inputs.map(rootOf),
    output: rootOf(output),
    name,
  }));
  const order = levelise(followed, same.length);
  if ("loop" in order) throw new FileError(path, `The gates form a loop: ${order.loop} waits for its own output.`);
  return {
    nets: same.length,
    gates: order.gates,
    depth: order.depth,
    sources,
    instances,
    cells: cells.map((cell) => ({
      ...cell,
      pins: cell.pins.map(([pin, net]) => [pin, rootOf(net)] as const),
      outputs: cell.outputs.map(rootOf),
    })),
    registers: registers.map((register) => ({
      ...register,
      data: rootOf(register.data),
      output: rootOf(register.output),
      resetNet: rootOf(register.resetNet),
      enableNet: rootOf(register.enableNet),
    })),
    names: namesOf(scopes, sources, { mapped, before, library }, originOf(followed, rootOf)),
  };
}

/** The net before all buffers of a net. */
function originOf(gates: readonly Gate[], rootOf: (net: number) => number): (net: number) => number {
  const before = new Map(gates.flatMap(({ type, inputs, output }) => (type === "BUF" ? [[output, inputs[0]]] : [])));
  return (net) => {
    let origin = rootOf(net);
    for (let next = before.get(origin); next !== undefined; next = before.get(origin)) origin = next;
    return origin;
  };
}

/** Names of sources in all scopes. */
function namesOf(
  scopes: readonly Scope[],
  sources: readonly Source[],
  { mapped, before, library }: Readonly<Record<"mapped" | "before" | "library", JsonDesign>>,
  originOf: (net: number) => number,
): SourceName[] {
  const sourceOf = new Map(sources.map(({ net }, s) => [net, s]));
  const names: SourceName[] = [];
  const add = (path: string, indices: readonly number[], isInverted: boolean) => {
    if (indices.some((source) => source >= 0)) names.push({ path, sources: Int32Array.from(indices), isInverted });
  };
  const inverters = new Map(
    Object.entries(before.modules).map(([module, { cells }]) => [module, invertedOutputs(cells, library)]),
  );
  for (const { parts, module, netOf } of scopes) {
    const sourceAt = (bit: Bit) => (typeof bit === "string" ? -1 : (sourceOf.get(originOf(netOf(bit))) ?? -1));
    for (const [name, { hide_name, bits }] of Object.entries(mapped.modules[module].netnames)) {
      if (hide_name === 0) add([...parts, name].join("."), bits.map(sourceAt), false);
    }
    const inverse = inverters.get(module);
    if (inverse === undefined || inverse.size === 0) continue;
    const { cells } = mapped.modules[module];
    const sourceOfCell = (cell: string) => {
      const { type, connections } = cells[cell];
      return sourceAt(connections[outputOf(library, type)!]?.[0] ?? "0");
    };
    for (const [name, { hide_name, bits }] of Object.entries(before.modules[module].netnames)) {
      const of = (bit: Bit) =>
        inverse.has(bit) && Object.hasOwn(cells, inverse.get(bit)!) ? sourceOfCell(inverse.get(bit)!) : -1;
      if (hide_name === 0) add([...parts, name].join("."), bits.map(of), true);
    }
  }
  return names;
}

/** The first output of a library cell; undefined for other cells. */
const outputOf = ({ modules }: JsonDesign, type: string): string | undefined =>
  Object.hasOwn(modules, type)
    ? Object.entries(modules[type].ports).find(([, { direction }]) => direction === "output")?.[0]
    : undefined;

/** By bit after an inverter: the register before it. */
function invertedOutputs(cells: JsonModule["cells"], library: JsonDesign): Map<Bit, string> {
  const holders = new Map<Bit, string>();
  for (const [name, { type, connections }] of Object.entries(cells)) {
    const bit = connections[outputOf(library, type) ?? ""]?.[0];
    if (bit !== undefined) holders.set(bit, name);
  }
  const inverted = new Map<Bit, string>();
  for (const { type, connections } of Object.values(cells)) {
    const register = type === INVERTER ? holders.get(connections.A[0]) : undefined;
    if (register !== undefined) inverted.set(connections.Y[0], register);
  }
  return inverted;
}

const INVERTER = "$_NOT_" satisfies `$_${GateType}_`;
