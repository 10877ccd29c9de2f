/**
 * A cell library for power: what its liberty file says of the pins, edges and energies of each cell, in SI units.
 *
 * Tables are over the edge at an input (columns of one, rows of two variables) and the load at the output. Between their points
 * values are interpolated in both directions, and outside them extended, as static timing tools do.
 */
import { FileError } from "../../errors.ts";
import { type Condition, parseCondition } from "./conditions.ts";
import { type LibertyGroup, parseLiberty } from "./liberty.ts";

export interface Table {
  /** Seconds; empty where the value does not depend on it. */
  readonly edges: readonly number[];
  /** Farads; likewise. */
  readonly loads: readonly number[];
  /** By edge, then load. */
  readonly values: readonly number[];
}

/** Energies of both edges of a pin, in joules: of an output caused by `related`, or of an input itself. */
export interface PinEnergy {
  readonly related: string | null;
  /** States of the other pins in which it holds; null: where no other one holds. */
  readonly when: Condition | null;
  readonly rise: Table;
  readonly fall: Table;
}

/** Edges of an output caused by `related`, in seconds. */
export interface PinEdges {
  readonly related: string;
  readonly sense: "positive" | "negative" | "any";
  readonly rise: Table;
  readonly fall: Table;
}

export interface LibraryPin {
  readonly isOutput: boolean;
  /** Farads. */
  readonly capacitance: number;
  /** Farads that it may drive. */
  readonly most: number;
  readonly energies: readonly PinEnergy[];
  readonly edges: readonly PinEdges[];
}

/** Pins of a flip-flop. */
export interface Clocked {
  readonly clock: string;
  /** Value of the clock after the edge at which it stores. */
  readonly after: boolean;
  readonly next: Condition;
  /** Names of its state and of the inverse. */
  readonly state: readonly string[];
  /** Inputs that clear or set it, with their idle values. */
  readonly asynchronous: Readonly<Record<string, boolean>>;
}

export interface LibraryCell {
  readonly name: string;
  readonly area: number;
  /** Watts. */
  readonly leakage: number;
  readonly pins: ReadonlyMap<string, LibraryPin>;
  /** Of outputs: by their pins, or of a flip-flop by its state. */
  readonly functions: ReadonlyMap<string, Condition>;
  readonly clocked: Clocked | null;
  /** Output equals input, and there is nothing else. */
  readonly isBuffer: boolean;
}

export interface CellLibrary {
  readonly name: string;
  readonly voltage: number;
  readonly cells: ReadonlyMap<string, LibraryCell>;
  /** Farads of a net's wire for a number of pins: the library's default wire load, 0 without one. */
  readonly wire: (pins: number) => number;
}

/**
 * @param path names the file in errors
 * Throws  FileError at `path` for a text that is no library, or that has no unit of capacitance
 */
export function readLibrary(text: string, path: string): CellLibrary {
  const file = parseLiberty(text, path);
  if (file.kind !== "library") throw new FileError(path, `This is a ${file.kind}, not a library.`);
  const units = unitsOf(file, path);
  const cells = file.groups.flatMap((group) => (group.kind === "cell" ? [cellOf(group, units)] : []));
  const { voltage } = units;
  return {
    name: file.names[0] ?? "",
    voltage,
    wire: wireOf(file, units),
    cells: new Map(cells.map((cell) => [cell.name, cell])),
  };
}

interface Units {
  readonly time: number;
  readonly capacitance: number;
  readonly leakage: number;
  readonly energy: number;
  readonly voltage: number;
  readonly templates: ReadonlyMap<string, LibertyGroup>;
}

const PREFIX: Readonly<Record<string, number>> = { f: 1e-15, p: 1e-12, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3 };
const quantity = (text: string): number => {
  const [, number, prefix] = /^([\d.]*)\s*([fpnumk]?)/i.exec(text) ?? [];
  return Number(number || 1) * (PREFIX[prefix?.toLowerCase() ?? ""] ?? 1);
};

function unitsOf({ attributes, lists, groups }: LibertyGroup, path: string): Units {
  const [size, unit] = lists.get("capacitive_load_unit")?.[0] ?? [];
  if (unit === undefined) throw new FileError(path, "This library has no capacitive_load_unit.");
  const capacitance = Number(size) * quantity(unit);
  const chosen = attributes.get("default_operating_conditions");
  const conditions = groups.find(({ kind, names }) => kind === "operating_conditions" && names[0] === chosen);
  const volts = quantity(attributes.get("voltage_unit") ?? "1V");
  return {
    time: quantity(attributes.get("time_unit") ?? "1ns"),
    capacitance,
    leakage: quantity(attributes.get("leakage_power_unit") ?? "1nW"),
    energy: capacitance * volts ** 2,
    voltage: Number(conditions?.attributes.get("voltage") ?? attributes.get("nom_voltage")) * volts,
    templates: new Map(groups.filter(({ kind }) => kind.endsWith("_template")).map((group) => [group.names[0], group])),
  };
}

const numbers = (texts: readonly string[] = []) =>
  texts.flatMap((text) =>
    text
      .split(/[\s,\\]+/)
      .filter((part) => part !== "")
      .map(Number),
  );

function tableOf(group: LibertyGroup | undefined, scale: number, { templates, time, capacitance }: Units): Table {
  if (group === undefined) return { edges: [], loads: [], values: [0] };
  const template = templates.get(group.names[0]);
  const values = numbers(group.lists.get("values")?.[0]).map((value) => value * scale);
  const axis = (n: 1 | 2) => ({
    isLoad: /capacitance/.test(template?.attributes.get(`variable_${n}`) ?? ""),
    points: numbers((group.lists.get(`index_${n}`) ?? template?.lists.get(`index_${n}`))?.[0]),
  });
  const [first, second] = values.length > 1 ? [axis(1), axis(2)] : [];
  const pointsOf = (isLoad: boolean) =>
    [first, second]
      .find((of) => of !== undefined && of.points.length > 0 && of.isLoad === isLoad)
      ?.points.map((point) => point * (isLoad ? capacitance : time)) ?? [];
  const [edges, loads] = [pointsOf(false), pointsOf(true)];
  const across = Math.max(loads.length, 1);
  const isSwapped = first?.isLoad && edges.length > 0;
  const ordered = isSwapped
    ? values.map((_, v) => values[(v % across) * edges.length + Math.floor(v / across)])
    : values;
  return { edges, loads, values: ordered };
}

function cellOf({ names: [name], attributes, groups }: LibertyGroup, units: Units): LibraryCell {
  const pinGroups = groups.filter(({ kind }) => kind === "pin");
  const pins = new Map(pinGroups.flatMap((group) => group.names.map((pin) => [pin, pinOf(group, units)] as const)));
  const functions = new Map(
    pinGroups.flatMap((group) => {
      const text = group.attributes.get("function");
      return text === undefined ? [] : group.names.map((pin) => [pin, parseCondition(text)] as const);
    }),
  );
  const [only, ...others] = [...pins].flatMap(([pin, { isOutput }]) => (isOutput ? [] : [pin]));
  const of = pins.size === 2 && others.length === 0 ? functions.values().next().value : undefined;
  const isBuffer = of?.({ [only]: true }) === true && !of({ [only]: false });
  return {
    name,
    area: Number(attributes.get("area") ?? 0),
    leakage: leakageOf(attributes, groups) * units.leakage,
    pins,
    functions,
    clocked: clockedOf(groups, pins),
    isBuffer,
  };
}

/** The cell's own value, or the mean over its states. */
function leakageOf(attributes: LibertyGroup["attributes"], groups: readonly LibertyGroup[]): number {
  const own = attributes.get("cell_leakage_power");
  if (own !== undefined) return Number(own);
  const states = groups.filter(({ kind }) => kind === "leakage_power").map((g) => Number(g.attributes.get("value")));
  return states.length === 0 ? 0 : states.reduce((sum, value) => sum + value, 0) / states.length;
}

function clockedOf(groups: readonly LibertyGroup[], pins: ReadonlyMap<string, LibraryPin>): Clocked | null {
  const ff = groups.find(({ kind }) => kind === "ff");
  const [edge, next] = [ff?.attributes.get("clocked_on"), ff?.attributes.get("next_state")];
  if (ff === undefined || edge === undefined || next === undefined) return null;
  const [clock] = /\w+/.exec(edge) ?? [];
  if (clock === undefined || !pins.has(clock)) return null;
  const idle = ["clear", "preset"].flatMap((kind) => {
    const text = ff.attributes.get(kind);
    const [pin] = /[A-Za-z_]\w*/.exec(text ?? "") ?? [];
    return text === undefined || pin === undefined ? [] : [[pin, !parseCondition(text)({ [pin]: true })] as const];
  });
  return {
    clock,
    after: parseCondition(edge)({ [clock]: true }),
    next: parseCondition(next),
    state: ff.names.flatMap((names) => names.split(/\s*,\s*/)),
    asynchronous: Object.fromEntries(idle),
  };
}

function pinOf({ attributes, groups }: LibertyGroup, units: Units): LibraryPin {
  const table = (group: LibertyGroup, kind: string, scale: number) =>
    tableOf(
      group.groups.find((inner) => inner.kind === kind),
      scale,
      units,
    );
  const energies = groups.flatMap((group): PinEnergy[] => {
    if (group.kind !== "internal_power") return [];
    const when = group.attributes.get("when");
    const related = group.attributes.get("related_pin")?.split(/\s+/) ?? [null];
    const [rise, fall] = [table(group, "rise_power", units.energy), table(group, "fall_power", units.energy)];
    return related.map((pin) => ({ related: pin, when: when === undefined ? null : parseCondition(when), rise, fall }));
  });
  const edges = groups.flatMap((group): PinEdges[] => {
    const [type, related] = ["timing_type", "related_pin"].map((name) => group.attributes.get(name));
    const isEdge = type === undefined || type === "combinational" || type === "rising_edge" || type === "falling_edge";
    if (group.kind !== "timing" || !isEdge || related === undefined) return [];
    const said = group.attributes.get("timing_sense");
    const sense = said === "positive_unate" ? "positive" : said === "negative_unate" ? "negative" : "any";
    const [rise, fall] = [table(group, "rise_transition", units.time), table(group, "fall_transition", units.time)];
    return related.split(/\s+/).map((pin) => ({ related: pin, sense, rise, fall }));
  });
  return {
    isOutput: attributes.get("direction") === "output",
    capacitance: Number(attributes.get("capacitance") ?? 0) * units.capacitance,
    most: Number(attributes.get("max_capacitance") ?? Number.POSITIVE_INFINITY) * units.capacitance,
    energies,
    edges,
  };
}

/** Length by number of pins, times capacitance by length; beyond the longest one, `slope` for each further pin. */
function wireOf({ attributes, groups }: LibertyGroup, { capacitance }: Units): CellLibrary["wire"] {
  const chosen = attributes.get("default_wire_load");
  const load = groups.find(({ kind, names }) => kind === "wire_load" && names[0] === chosen);
  if (load === undefined) return () => 0;
  const perLength = Number(load.attributes.get("capacitance") ?? 0) * capacitance;
  const slope = Number(load.attributes.get("slope") ?? 0);
  const known = (load.lists.get("fanout_length") ?? []).map(
    ([pins, length]) => [Number(pins), Number(length)] as const,
  );
  return (pins) => {
    if (pins === 0 || known.length === 0) return 0;
    const next = known.findIndex(([of]) => of >= pins);
    if (next < 0) {
      const [most, longest] = known[known.length - 1];
      return (longest + (pins - most) * slope) * perLength;
    }
    const [of, length] = known[next];
    const [before, shorter] = next === 0 ? [0, 0] : known[next - 1];
    return (shorter + ((length - shorter) * (pins - before)) / (of - before)) * perLength;
  };
}

/** The value at an edge and a load. */
export function lookUp({ edges, loads, values }: Table, edge: number, load: number): number {
  const [row, above] = place(edges, edge);
  const [column, beside] = place(loads, load);
  const width = Math.max(loads.length, 1);
  const at = (r: number, c: number) => values[r * width + c];
  const between = (r: number) =>
    beside === 0 ? at(r, column) : at(r, column) * (1 - beside) + at(r, column + 1) * beside;
  return above === 0 ? between(row) : between(row) * (1 - above) + between(row + 1) * above;
}

/** Index of the point before, and the share of the way to the next one; below 0 or above 1 outside. */
function place(points: readonly number[], value: number): readonly [number, number] {
  if (points.length < 2) return [0, 0];
  let index = 0;
  while (index < points.length - 2 && points[index + 1] < value) index++;
  return [index, (value - points[index]) / (points[index + 1] - points[index])];
}
