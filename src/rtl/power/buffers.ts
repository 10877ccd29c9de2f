/**
 * Buffer trees in a mapped design: each net drives at most `MOST_PINS` pins, and half of the load that the library allows its driver.
 * Clock and reset nets stay as they are: a layout gives them trees of their own.
 *
 * Modules are taken from the leaves up. A module's input counts as the pins behind it, and its output leaves half of its driver to the
 * modules around it, so no net needs to be seen through the hierarchy.
 */
import type { CellLibrary, LibraryCell } from "./library.ts";
import type { Bit, JsonCell, JsonDesign, JsonModule } from "./mapped-netlist.ts";

/** Synthesis tools bound fan-out at 10 to 20. */
export const MOST_PINS = 16;

/** Pins of library cells behind a pin, and their capacitance in farads: a load, or what a driver may still drive. */
interface Load {
  readonly pins: number;
  readonly capacitance: number;
}
interface Sink extends Load {
  readonly cell: string;
  readonly pin: string;
  readonly index: number;
}
/** Of a module: by port and bit. */
type PortLoads = Readonly<Record<string, { readonly drives: boolean; readonly bits: readonly Load[] }>>;

/** The smallest buffer that drives twice `MOST_PINS` inputs of its own; undefined if there is none. */
export function treeBuffer(library: CellLibrary): LibraryCell | undefined {
  const fitting = [...library.cells.values()].filter(
    (cell) => cell.isBuffer && pinsOf(cell).most >= 2 * MOST_PINS * pinsOf(cell).capacitance,
  );
  return fitting.toSorted((a, b) => a.area - b.area)[0];
}

function pinsOf({ pins }: LibraryCell) {
  const entries = [...pins];
  const [input, { capacitance }] = entries.find(([, { isOutput }]) => !isOutput)!;
  const [output, { most }] = entries.find(([, { isOutput }]) => isOutput)!;
  return { input, capacitance, output, most };
}

/** The design with buffers, named `_b0_`, `_b1_`, ... in each module. */
export function withBuffers(design: JsonDesign, library: CellLibrary, buffer: LibraryCell): JsonDesign {
  const portsOf = new Map<string, PortLoads>();
  const modules: Record<string, JsonModule> = {};
  const visit = (type: string): PortLoads | null => {
    if (!Object.hasOwn(design.modules, type)) return null;
    const known = portsOf.get(type);
    if (known) return known;
    const module = design.modules[type];
    const isBox = module.attributes?.blackbox !== undefined;
    const { cells, ports } = isBox ? { cells: module.cells, ports: {} } : treesOf(module, library, buffer, visit);
    modules[type] = { ...module, cells };
    portsOf.set(type, ports);
    return ports;
  };
  for (const name of Object.keys(design.modules)) visit(name);
  return { modules };
}

const NOTHING: Load = { pins: 0, capacitance: 0 };
const half = ({ pins, capacitance }: Load): Load => ({ pins: pins / 2, capacitance: capacitance / 2 });
const sum = (loads: readonly Load[]): Load =>
  loads.reduce((a, b) => ({ pins: a.pins + b.pins, capacitance: a.capacitance + b.capacitance }), NOTHING);
const fits = (load: Load, most: Load) => load.pins <= most.pins && load.capacitance <= most.capacitance;

/** What a pin of a library cell loads, or may drive; nothing for clocks and asynchronous inputs. */
function leafLoad({ pins, clocked }: LibraryCell, pin: string) {
  const { isOutput, most, capacitance } = pins.get(pin)!;
  if (isOutput) return { drives: true, load: { pins: MOST_PINS, capacitance: most / 2 } };
  const isTree = clocked !== null && (pin === clocked.clock || Object.hasOwn(clocked.asynchronous, pin));
  return { drives: false, load: isTree ? NOTHING : { pins: 1, capacitance } };
}

function treesOf(
  { ports, cells, netnames }: JsonModule,
  library: CellLibrary,
  buffer: LibraryCell,
  below: (type: string) => PortLoads | null,
): { cells: JsonModule["cells"]; ports: PortLoads } {
  const tree = pinsOf(buffer);
  const free: Load = { pins: MOST_PINS, capacitance: tree.most / 2 };
  const sinks = new Map<Bit, Sink[]>();
  const drivers = new Map<Bit, Load>();
  const changed: Record<string, { -readonly [K in keyof JsonCell]: JsonCell[K] }> = {};
  // Names may have bits that nothing is connected to.
  let fresh = 0;
  for (const { bits } of [...Object.values(ports), ...Object.values(netnames)])
    for (const bit of bits) fresh = Math.max(fresh, 1 + (Number(bit) || 0));
  for (const [cell, { type, connections }] of Object.entries(cells)) {
    const leaf = library.cells.get(type);
    const inner = leaf ? null : below(type);
    for (const [pin, bits] of Object.entries(connections)) {
      const port = inner?.[pin];
      for (const [index, bit] of bits.entries()) {
        if (typeof bit === "string") continue;
        fresh = Math.max(fresh, bit + 1);
        const { drives, load } = leaf
          ? leafLoad(leaf, pin)
          : { drives: port?.drives ?? false, load: port?.bits[index] ?? NOTHING };
        if (drives) drivers.set(bit, load);
        else if (load.pins > 0) {
          const own = sinks.get(bit);
          if (own) own.push({ cell, pin, index, ...load });
          else sinks.set(bit, [{ cell, pin, index, ...load }]);
        }
      }
    }
    changed[cell] = cells[cell];
  }
  const connect = ({ cell, pin, index }: Sink, bit: Bit) => {
    const { connections } = changed[cell];
    const bits = connections[pin].with(index, bit);
    changed[cell] = { ...changed[cell], connections: { ...connections, [pin]: bits } };
  };
  const leaving = new Set(Object.values(ports).flatMap((port) => (port.direction === "output" ? port.bits : [])));
  const left = new Map<Bit, Load>();
  let buffers = 0;
  for (const [bit, all] of sinks) {
    const driver = drivers.get(bit) ?? free;
    const most = leaving.has(bit) ? half(driver) : driver;
    let level: readonly Sink[] = all;
    while (!fits(sum(level), most)) {
      const groups = grouped(level, free);
      // A single input that is more than its driver takes.
      if (groups.length === level.length && level.every(({ pins }) => pins === 1)) break;
      level = groups.map((group) => {
        const [cell, output] = [`_b${buffers++}_`, fresh++];
        changed[cell] = {
          type: buffer.name,
          port_directions: { [tree.input]: "input", [tree.output]: "output" },
          connections: { [tree.input]: [bit], [tree.output]: [output] },
        };
        for (const sink of group) connect(sink, output);
        return { cell, pin: tree.input, index: 0, pins: 1, capacitance: tree.capacitance };
      });
    }
    left.set(bit, sum(level));
  }
  const loads = Object.entries(ports).map(([port, { direction, bits }]) => {
    const drives = direction === "output";
    const load = (bit: Bit) => (drives ? half(drivers.get(bit) ?? free) : (left.get(bit) ?? NOTHING));
    return [port, { drives, bits: bits.map(load) }] as const;
  });
  return { cells: changed, ports: Object.fromEntries(loads) };
}

/** In order, as many in each group as a buffer drives. */
function grouped(sinks: readonly Sink[], most: Load): Sink[][] {
  const groups: Sink[][] = [];
  let load: Load = NOTHING;
  for (const sink of sinks) {
    const together = sum([load, sink]);
    if (groups.length === 0 || !fits(together, most)) {
      groups.push([sink]);
      load = sink;
    } else {
      groups[groups.length - 1].push(sink);
      load = together;
    }
  }
  return groups;
}
