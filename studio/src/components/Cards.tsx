import { type FigureDraft, formatQuantity } from "xpikeformer/report";
import { machineKey } from "../machine-key.ts";
import {
  againstPrevious,
  changed,
  computedOn,
  experiment,
  figures,
  metric,
  previous,
  progress,
  reached,
  reference,
} from "../state/studio.ts";
import { tried } from "../state/tried.ts";
import { plural } from "../words.ts";
import { ComputedOn } from "./ComputedOn.tsx";

interface Shown {
  readonly id: string;
  readonly label: string;
  /** On a phone. */
  readonly short: string;
}

/** The metric of the task, then the energy, latency and throughput of the machine. */
function cards(): readonly Shown[] {
  const { rate, energy, name, result } = metric.value;
  return [
    { id: rate, label: capital(name), short: name },
    { id: energy, label: `Energy per ${result}`, short: `per ${result}` },
    { id: "cost.latency.alone", label: "Latency, one at a time", short: "latency" },
    { id: "cost.xpikeformer.inFlight", label: `${capital(result)}s per second, pipelined`, short: `${result}s/s` },
  ];
}

const capital = (words: string): string => words[0].toUpperCase() + words.slice(1);

/** Figures of the previous machine stay, paler, until new ones arrive. */
const isStale = (): boolean => reached.value?.of !== experiment.value;

/** The figures of the machine, as they arrive. */
export function Cards() {
  return (
    <section aria-label="Figures of this machine" class="figures" aria-busy={isStale() || progress.value < 1}>
      <ul class="cards">
        {cards().map(({ id, label }) => (
          <Card key={id} id={id} label={label} figure={figures.value.get(id)} />
        ))}
      </ul>
      <Against />
      <Basis />
    </section>
  );
}

/** The same figures on a line that stays in view on a phone while knobs change. The cards say the same to screen readers. */
export function Strip() {
  return (
    <div class={isStale() ? "figure-strip stale" : "figure-strip"} aria-hidden="true">
      {cards().map(({ id, short }) => {
        const figure = figures.value.get(id);
        const told = changeOf(id);
        return (
          <span key={id}>
            <b>{figure ? withUnit(figure) : "…"}</b> {short}
            {told && <i>{told.short}</i>}
          </span>
        );
      })}
    </div>
  );
}

function withUnit(figure: FigureDraft): string {
  const { value, unit } = formatQuantity(figure);
  return unit === "1/s" ? value : `${value} ${unit}`;
}

interface CardProps {
  readonly id: string;
  readonly label: string;
  readonly figure: FigureDraft | undefined;
}

function Card({ id, label, figure }: CardProps) {
  const written = figure && formatQuantity(figure);
  const told = changeOf(id);
  return (
    <li>
      <span class="label">{label}</span>
      <span class={isStale() ? "number stale" : "number"} data-figure={id} data-value={figure?.value}>
        {written?.value ?? "…"} <small>{written?.unit === "1/s" ? "" : written?.unit}</small>
      </span>
      <span class="detail">{written?.interval && `95 %: ${written.interval}`}</span>
      <span class="detail change" data-change={id} data-value={told?.value}>
        {told?.words}
      </span>
    </li>
  );
}

interface Told {
  readonly value: number;
  readonly words: string;
  readonly short: string;
}

const NO_CHANGE: Told = { value: 0, words: "no change", short: "" };

/** Whether the machine shown is the one that it is compared with. */
const isReference = (): boolean => machineKey(experiment.value!) === machineKey(reference.value!);

/** The newest comparison, if it is of the two machines that the page compares now. */
function changeShown() {
  const change = changed.value;
  return change?.after === experiment.value && change.before === reference.value ? change : null;
}

/**
 * A figure against the machine of `reference`: the rate as a paired difference with its interval, others as a ratio. Null before anything
 * was changed, and until the chips of both machines have answered the same prompts.
 */
function changeOf(id: string): Told | null {
  if (isStale()) return null;
  if (isReference()) return tried.value.length > 1 ? NO_CHANGE : null;
  const change = changeShown();
  if (!change) return null;
  if (id === metric.value.rate) return points(change.rate);
  const ratio = change.ratios[id];
  if (ratio === undefined) return null;
  if (ratio === 1) return NO_CHANGE;
  const times = `× ${formatQuantity({ value: ratio, unit: "1" }).value}`;
  return { value: ratio, words: times, short: times };
}

/** `+0.8 points (0.2 to 1.4)`. */
function points({ value, interval }: FigureDraft): Told {
  const hundredfold = interval && { low: 100 * interval.low, high: 100 * interval.high };
  const written = formatQuantity({ value: 100 * value, unit: "1", interval: hundredfold });
  const signed = `${value > 0 ? "+" : ""}${written.value}`;
  return { value, words: `${signed} points${written.interval ? ` (${written.interval})` : ""}`, short: signed };
}

/** The machine that changes are told against, and the prompts that both have answered. */
function Against() {
  if (tried.value.length < 2) return null;
  const change = isStale() || isReference() ? null : changeShown();
  return (
    <div class="against">
      <label for="reference">Changes from</label>{" "}
      <select
        id="reference"
        value={againstPrevious.value ? "previous" : "opened"}
        onChange={({ currentTarget }) => {
          againstPrevious.value = currentTarget.value === "previous";
        }}
      >
        <option value="opened">the machine as opened</option>
        <option value="previous" disabled={previous.value === null}>
          the machine before
        </option>
      </select>
      <p class="quiet" id="paired" data-chips={change?.chips} data-prompts={change?.prompts}>
        {change && `on the same ${plural(change.prompts, "prompt")} and ${plural(change.chips, "chip")}, 95 % in pairs`}
      </p>
    </div>
  );
}

/** The sample behind the figures. */
function Basis() {
  const { chips = 0, prompts = 0 } = reached.value ?? {};
  const all = reached.value?.of.hardware.chips ?? 0;
  const steps = reached.value && reached.value.of.model.kind !== "ann" ? reached.value.of.model.steps : 1;
  return (
    <div class="basis">
      <progress max={1} value={progress.value} aria-label="Progress of the evaluation" />
      <p class="quiet" id="basis" data-chips={chips} data-prompts={prompts}>
        {reached.value
          ? `T = ${steps}: ${chips} of ${plural(all, "chip")}, ${plural(prompts, "prompt")} each`
          : "The first figures take a second or two."}
      </p>
      <ComputedOn on={computedOn.value} id="chips-on" />
    </div>
  );
}
