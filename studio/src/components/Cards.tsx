import { type FigureDraft, formatQuantity } from "xpikeformer";
import { experiment, figures, figuresAtFirst, metric, progress, reached } from "../state/studio.ts";
import { plural } from "../words.ts";

/** What the task counts, and what the machine needs for it. */
function cards(): readonly (readonly [id: string, label: string])[] {
  const { rate, energy, name, result } = metric.value;
  return [
    [rate, capital(name)],
    [energy, `Energy per ${result}`],
    ["cost.latency.alone", "Time to an answer"],
    ["cost.xpikeformer.inFlight", `${capital(result)}s per second`],
  ];
}

const capital = (words: string): string => words[0].toUpperCase() + words.slice(1);

/** The figures of the machine, as they come. */
export function Cards() {
  return (
    <section aria-label="Figures of this machine" class="figures" aria-busy={progress.value < 1}>
      <ul class="cards">
        {cards().map(([id, label]) => (
          <Card key={id} id={id} label={label} figure={figures.value.get(id)} atFirst={figuresAtFirst.value.get(id)} />
        ))}
      </ul>
      <Basis />
    </section>
  );
}

interface CardProps {
  readonly id: string;
  readonly label: string;
  readonly figure: FigureDraft | undefined;
  /** Of the experiment as it was opened. */
  readonly atFirst: FigureDraft | undefined;
}

function Card({ id, label, figure, atFirst }: CardProps) {
  const written = figure && formatQuantity(figure);
  const before = atFirst && formatQuantity(atFirst);
  // Figures of the machine before stay, paler, until there are others.
  const isStale = reached.value?.of !== experiment.value;
  return (
    <li>
      <span class="label">{label}</span>
      <span class={isStale ? "number stale" : "number"} data-figure={id} data-value={figure?.value}>
        {written?.value ?? "…"} <small>{written?.unit === "1/s" ? "" : written?.unit}</small>
      </span>
      <span class="detail">{written?.interval && `95 %: ${written.interval}`}</span>
      {before && (
        <span class="detail">
          as opened: {before.value} {before.unit === "1/s" ? "" : before.unit}
        </span>
      )}
    </li>
  );
}

/** What the figures are from, and the command that gives the same. */
function Basis() {
  const { chips = 0, prompts = 0 } = reached.value ?? {};
  const all = experiment.value?.hardware.chips ?? 0;
  return (
    <div class="basis">
      <progress max={1} value={progress.value} aria-label="Evaluation done" />
      <p class="quiet" id="basis" data-chips={chips} data-prompts={prompts}>
        {reached.value
          ? `${plural(chips, "chip")} of ${all}, ${plural(prompts, "prompt")} on each`
          : "The first answers take a second or two."}
      </p>
    </div>
  );
}
