/** The schedule as charts: when each unit works, for one prompt at a time and for pipelined prompts, and how busy units are. */
import type { Engine } from "../machine/machine.ts";
import type { Schedule } from "../machine/schedule.ts";
import type { ScheduledUnit, Timetable } from "../machine/timetable.ts";
import { bitsOf, type Transfer } from "../machine/transfers.ts";
import type { ChartDraft } from "./build-report.ts";
import { formatRounded, formatText } from "./format.ts";
import type { GanttChart } from "./report.ts";

/** Parts of the time axis; shorter breaks are not drawn. */
const PARTS = 400;
/** Most stretches of a row, for the followed prompt and for the others; beyond this, longer breaks are bridged too. */
const MOST_STRETCHES = 24;
/** With more layers than this, a row stands for whole blocks. */
const MOST_ROWS = 100;

type Engines = readonly Pick<Engine, "unit" | "serves">[];

const ENGINES: Readonly<Record<Engine["unit"], string>> = {
  "ssa-tile": "SSA engine",
  "pair-tile": "pair tiles",
  "column-counters": "column counters",
  "token-counters": "token counters",
  "outer-product": "outer products",
  none: "no attention",
};

/** Names units: a layer by itself, the units of attention by their kind, and if there are several, by the first operation they serve. */
function namesOf(engines: Engines): (unit: Pick<ScheduledUnit, "name" | "kind">) => string {
  return ({ name, kind }) => {
    if (kind === "linear") return name;
    const { unit, serves } = engines.find((engine) => engine.serves.includes(name))!;
    return engines.length === 1 ? ENGINES[unit] : `${ENGINES[unit]} of ${serves[0]}`;
  };
}

type Stretch = GanttChart["rows"][number]["stretches"][number];

/** A period in clocks, of which the unit works `busy`. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly busy: number;
}

/** @param clock hertz */
export function scheduleCharts(schedule: Schedule, engines: Engines, clock: number): ChartDraft[] {
  const nameOf = namesOf(engines);
  return [
    aloneChart(schedule, clock, nameOf),
    ...inFlightChart(schedule, clock, engines),
    utilisationChart(schedule, nameOf),
  ];
}

type Naming = ReturnType<typeof namesOf>;

function aloneChart({ alone, order }: Schedule, clock: number, nameOf: Naming): ChartDraft {
  const time = formatText({ value: alone.clocks / clock, unit: "s" });
  const first = order === "token-major" ? "all time steps of a token" : "all tokens of a time step";
  return {
    kind: "gantt",
    id: "schedule-alone",
    title: "One prompt at a time: when each unit works",
    caption:
      `From the first spike in to the last sum out: ${time}. A layer processes ${first} first. It starts once it is free and a ` +
      "vector has arrived. The paler a bar, the longer its unit waits. The table lists the bits read from and written to each memory.",
    time: { label: "Microseconds" },
    rows: withMoves(
      rowsOf(alone, clock, nameOf, [{ shifts: [0], group: "one prompt" }]),
      unitsByRow(alone.units, nameOf),
    ),
  };
}

/** Empty if prompts cannot overlap. */
function inFlightChart({ order, inFlight, interval }: Schedule, clock: number, engines: Engines): ChartDraft[] {
  if (inFlight === null) return [];
  const [first, second] = inFlight.units;
  // Neither a stem nor values that enter once.
  const readsLines = first.name === "embed" && first.start.length === second.start.length;
  const isTiled = engines.length === 1 && engines[0].unit === "ssa-tile";
  const isInBlocks = inFlight.units.every(({ kind, block }) => kind === "linear" || block !== null);
  const isGenerated = order === "token-major" && isTiled && isInBlocks && readsLines;
  const before = Math.ceil(inFlight.clocks / interval) - 1;
  const others = Array.from({ length: 2 * before + 1 }, (_, i) => (i - before) * interval).filter(
    (shift) => shift !== 0,
  );
  const seconds = (clocks: number) => formatText({ value: clocks / clock, unit: "s" });
  return [
    {
      kind: "gantt",
      id: "schedule-in-flight",
      title: "Pipelined prompts: when each unit works",
      caption:
        `A prompt enters every ${seconds(interval)} and is answered after ${seconds(inFlight.clocks)}; ${formatRounded(inFlight.prompts)} prompts are in the ` +
        `pipeline at once. The chart follows one of them from entry to answer.${isGenerated ? " xpike rtl --machine --in-flight generates hardware with these clocks." : ""}`,
      time: { label: "Microseconds" },
      rows: rowsOf(inFlight, clock, namesOf(engines), [
        { shifts: [0], group: "one prompt" },
        { shifts: others, group: "prompts before and after it" },
      ]),
    },
  ];
}

/** Rows in the order of a prompt's path; engines, which serve several operations, are last. */
function rowsOf(
  { units, clocks }: Timetable,
  clock: number,
  nameOf: Naming,
  prompts: readonly { readonly shifts: readonly number[]; readonly group: string }[],
): GanttChart["rows"] {
  const micro = (clocks: number) => Number(((1e6 * clocks) / clock).toPrecision(6));
  return [...unitsByRow(units, nameOf)].map(([name, units]) => {
    const own = joined(units.flatMap(runsOf), clocks);
    /** Units of a row that work in parallel. */
    const together = new Set(units.map(nameOf)).size;
    const stretches = prompts.flatMap(({ shifts, group }): Stretch[] => {
      const runs = shifts.flatMap((shift) => own.flatMap((run) => shifted(run, shift, clocks)));
      return joined(runs, clocks).map(({ from, to, busy }) => {
        const share = busy / (together * (to - from));
        return { from: micro(from), to: micro(to), busy: Math.min(1, Number(share.toFixed(3))), group };
      });
    });
    return { name, stretches };
  });
}

/** Rows with the bits that their units move. */
function withMoves(rows: GanttChart["rows"], byRow: ReadonlyMap<string, ScheduledUnit[]>): GanttChart["rows"] {
  return rows.map((row) => {
    const transfers = byRow.get(row.name)!.flatMap((unit) => unit.transfers);
    const memories = [...new Set(transfers.map(({ buffer }) => buffer))];
    const moves = memories.map((buffer) => ({
      memory: MEMORIES[buffer],
      read: bitsOf(transfers, "read", buffer),
      written: bitsOf(transfers, "write", buffer),
    }));
    return { ...row, moves };
  });
}

const MEMORIES: Readonly<Record<Transfer["buffer"], string>> = {
  input: "input",
  spikes: "spikes",
  qkv: "q, k, v",
  attention: "attention",
  stream: "residual stream",
  membranes: "membranes",
  states: "membranes of attention",
};

/** A row for each layer, or, if there are too many, for a group of blocks. */
function unitsByRow(units: readonly ScheduledUnit[], nameOf: Naming): Map<string, ScheduledUnit[]> {
  const depth = 1 + Math.max(...units.map(({ block }) => block ?? -1));
  const layers = new Set(units.filter(({ kind }) => kind === "linear").map(({ name }) => name));
  // Embedding, head and engines have a row each.
  const blocks = layers.size < MOST_ROWS ? 0 : Math.ceil(depth / (MOST_ROWS - 3));
  const rowOf = (unit: ScheduledUnit) => {
    const { block } = unit;
    if (unit.kind === "attention" || blocks === 0 || block === null) return nameOf(unit);
    const first = block - (block % blocks);
    const last = Math.min(depth, first + blocks) - 1;
    return first === last ? `blocks.${first}` : `blocks.${first} to ${last}`;
  };
  const rows = new Map<string, ScheduledUnit[]>();
  for (const unit of units.toSorted((a, b) => Number(a.kind === "attention") - Number(b.kind === "attention"))) {
    const name = rowOf(unit);
    rows.set(name, [...(rows.get(name) ?? []), unit]);
  }
  return rows;
}

const runsOf = ({ start, end }: ScheduledUnit): Run[] =>
  Array.from(start, (from, i) => ({ from, to: end[i], busy: end[i] - from }));

/** Shifted in time and cut to the chart: none or one. */
function shifted({ from, to, busy }: Run, shift: number, clocks: number): Run[] {
  const [start, end] = [Math.max(0, from + shift), Math.min(clocks, to + shift)];
  return start < end ? [{ from: start, to: end, busy: (busy * (end - start)) / (to - from) }] : [];
}

/** Runs in order of time, joined if the break between them is too short to be visible. */
export function joined(runs: readonly Run[], clocks: number): Run[] {
  const ordered = runs.toSorted((a, b) => a.from - b.from);
  for (let longest = clocks / PARTS; ; longest *= 2) {
    const longer: Run[] = [];
    for (const run of ordered) {
      const last = longer.at(-1);
      if (last === undefined || run.from - last.to > longest) longer.push(run);
      else {
        const [to, busy] = [Math.max(last.to, run.to), last.busy + run.busy];
        longer[longer.length - 1] = { from: last.from, to, busy };
      }
    }
    if (longer.length <= MOST_STRETCHES) return longer;
  }
}

/** Equal units of all blocks share one bar. */
function utilisationChart({ alone, inFlight, interval }: Schedule, nameOf: Naming): ChartDraft {
  const cases = [
    ...(inFlight === null ? [] : [{ group: "pipelined", units: inFlight.units, clocks: interval }]),
    { group: "one prompt at a time", units: alone.units, clocks: alone.clocks },
  ];
  const bars = cases.flatMap(({ group, units, clocks }) =>
    [...busyOf(units, nameOf)].map(([label, busy]) => ({ label, group, value: (100 * busy) / clocks })),
  );
  return {
    kind: "bars",
    id: "schedule-utilisation",
    title: "How busy each unit is",
    caption: "Share of the time in which a unit works. The busiest unit limits how often a prompt can enter.",
    value: { label: "Busy time, %" },
    // Both cases of a unit side by side.
    bars: bars.toSorted((a, b) => firstOf(bars, a.label) - firstOf(bars, b.label)),
  };
}

const firstOf = (bars: readonly { readonly label: string }[], label: string): number =>
  bars.findIndex((bar) => bar.label === label);

/** Clocks at work for one prompt by unit; all operations of an engine together. */
function busyOf(units: readonly ScheduledUnit[], nameOf: Naming): Map<string, number> {
  const busy = new Map<string, number>();
  for (const unit of units) {
    const { name, part, block, kind, busy: clocks } = unit;
    if (kind === "attention") busy.set(nameOf(unit), (busy.get(nameOf(unit)) ?? 0) + clocks);
    else busy.set(block === null ? name : `each block's ${part}`, clocks);
  }
  return busy;
}
