import { type FigureDraft, formatQuantity } from "xpikeformer/report";
import { experiment, figures, figuresAtFirst, metric, progress, reached } from "../state/studio.ts";
import { plural } from "../words.ts";

/** The metric of the task, then the energy, latency and throughput of the machine. */
function cards(): readonly (readonly [id: string, label: string])[] {
  const { rate, energy, name, result } = metric.value;
  return [
    [rate, capital(name)],
    [energy, `Energy per ${result}`],
    ["cost.latency.alone", "Latency, one at a time"],
    ["cost.xpikeformer.inFlight", `${capital(result)}s per second, pipelined`],
  ];
}

const capital = (words: string): string => words[0].toUpperCase() + words.slice(1);

/** The figures of the machine, as they arrive. */
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
  /** For the experiment as it was opened. */
  readonly atFirst: FigureDraft | undefined;
}

function Card({ id, label, figure, atFirst }: CardProps) {
  const written = figure && formatQuantity(figure);
  const before = atFirst && formatQuantity(atFirst);
  // Figures of the previous machine stay, paler, until new ones arrive.
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

/** The sample behind the figures. */
function Basis() {
  const { chips = 0, prompts = 0 } = reached.value ?? {};
  const all = reached.value?.of.hardware.chips ?? 0;
  const steps = reached.value?.of.model.kind === "spiking" ? reached.value.of.model.steps : 1;
  return (
    <div class="basis">
      <progress max={1} value={progress.value} aria-label="Progress of the evaluation" />
      <p class="quiet" id="basis" data-chips={chips} data-prompts={prompts}>
        {reached.value
          ? `T = ${steps}: ${chips} of ${plural(all, "chip")}, ${plural(prompts, "prompt")} each`
          : "The first figures take a second or two."}
      </p>
    </div>
  );
}
