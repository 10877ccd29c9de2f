import { computed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { energyRatios } from "xpikeformer/internal";
import { type FigureDraft, formatQuantity } from "xpikeformer/report";
import { lines } from "../state/plane.ts";
import {
  annMissing,
  experiment,
  figures,
  isProgramming,
  metric,
  prompt,
  reached,
  receiversMissing,
} from "../state/studio.ts";
import { className } from "../words.ts";
import { SaveSvg } from "./SaveSvg.tsx";

/** The studio in a picture: the input, the chip, the answer, and the chip beside an ANN. */
export function Overview() {
  const isLink = (experiment.value?.task.kind ?? "symbol-detection") === "symbol-detection";
  const view = prompt.value && (prompt.value.link !== null) === isLink ? prompt.value : null;
  const last = view?.decisions[view.decisions.length - 1];
  return (
    <div class="overview" aria-busy={isProgramming.value}>
      <ol class="chain" aria-label="What the chip does">
        {isLink ? (
          <>
            <Link name="sent by antennas" says={view?.label == null ? "…" : className(view.label, view)}>
              <path d="M10 8l6 8 6-8M16 16v18M38 8l6 8 6-8M44 16v18" />
            </Link>
            <Link name="mixed by the channel" says="with noise">
              <path d="M4 12c14 0 38 22 52 16M4 28c14 6 38-16 52-16M4 20c8-6 12 6 20 0s12 6 20 0 8 0 12 0" />
            </Link>
          </>
        ) : (
          <Link name="an image" says={view?.image ? `${view.image.height} × ${view.image.width} pixels` : "…"}>
            <path d="M12 4h36v32H12zM12 28l12-10 8 7 6-5 10 9" />
          </Link>
        )}
        <Link name="the simulated chip" says="spikes, analog currents">
          <path d="M14 6h32v28H14zM14 13h32M14 20h32M14 27h32M22 6v28M30 6v28M38 6v28M6 13h8M6 20h8M6 27h8M46 13h8M46 20h8M46 27h8" />
        </Link>
        <Link name="the answer" says={view ? className(last!, view) : "…"} strong>
          <path d="M8 28h8M8 20h20M8 12h14M36 22l6 8 12-18" />
        </Link>
      </ol>
      <Versus />
    </div>
  );
}

interface LinkProps {
  readonly name: string;
  readonly says: string;
  /** Emphasised. */
  readonly strong?: boolean;
  readonly children: ComponentChildren;
}

/** One link of the chain; the drawing is 60 by 40. */
function Link({ name, says, strong = false, children }: LinkProps) {
  return (
    <li class={strong ? "strong" : undefined}>
      <svg viewBox="0 0 60 40" aria-hidden="true">
        {children}
      </svg>
      <span class="says">{says}</span>
      <span class="quiet">{name}</span>
    </li>
  );
}

/** The chip beside the ANN, quantity by quantity, as bars. */
function Versus() {
  const { rate, energy, name, result } = metric.value;
  const energyOf = (engine: string) => energy.replace("xpikeformer", engine);
  const rows: readonly Row[] = [
    [name, rate, { ANN: rate.replace("xpikeformer", "ann") }],
    [`energy per ${result}`, energy, { "ANN, trees": energyOf("annTrees"), "ANN, array": energyOf("annDigital") }],
    ["latency, one at a time", "cost.latency.alone", { "ANN, array": "cost.latency.annDigital" }],
    [`${result}s per second, pipelined`, "cost.xpikeformer.inFlight", { "ANN, array": "cost.annDigital.inFlight" }],
  ];
  return (
    <figure class={reached.value?.of === experiment.value ? "versus" : "versus stale"} data-saves="versus">
      {rows.map(([quantity, own, rivals]) => (
        <Quantity
          key={own}
          name={quantity}
          own={figures.value.get(own)}
          rivals={rivals}
          marks={own === rate ? marks.value : NO_MARKS}
          isMarked={own === rate}
        />
      ))}
      <figcaption>
        {reached.value && (
          <SaveSvg
            title="Chips beside an ANN"
            of={reached.value.of}
            data={() => ({
              ...{ chips: reached.value!.chips, prompts: reached.value!.prompts },
              ...{ figures: rows.flatMap(([, own, rivals]) => figuresOf([own, ...Object.values(rivals)])) },
              marks: marks.value,
            })}
          />
        )}
        <Comparison />
        {receiversMissing.value !== null && (
          <span data-missing="receivers"> The classical receivers have no rate here: {receiversMissing.value}</span>
        )}
      </figcaption>
    </figure>
  );
}

/** A quantity, the figure of the chips, and those of the ANN by the names of their bars. */
type Row = readonly [quantity: string, own: string, rivals: Readonly<Record<string, string>>];

const figuresOf = (ids: readonly string[]) => ids.flatMap((id) => figures.value.get(id) ?? []);

/** Who else answers: classical receivers, and guessing. */
interface Mark {
  readonly name: string;
  readonly figure: string;
  readonly value: number;
}

const NO_MARKS: readonly Mark[] = [];

const marks = computed((): readonly Mark[] => {
  const isAccuracy = metric.value.rate.startsWith("accuracy");
  return lines.value.map(({ name, figure, error }) => ({ name, figure, value: isAccuracy ? 1 - error : error }));
});

interface QuantityProps {
  readonly name: string;
  readonly own: FigureDraft | undefined;
  readonly rivals: Row[2];
  readonly marks: readonly Mark[];
  /** Whether there is room for marks, which come and go with the figures. */
  readonly isMarked: boolean;
}

function Quantity({ name, own, rivals, marks, isMarked }: QuantityProps) {
  const all = [...(own ? [own] : []), ...figuresOf(Object.values(rivals))];
  const most = Math.max(0, ...all.map(({ interval, value }) => interval?.high ?? value)) || 1;
  return (
    <div>
      <p class="panel-name">{name}</p>
      <Bar name="chips" figure={own} most={most} marks={marks} strong />
      {Object.entries(rivals).map(([name, id]) => (
        <Bar key={id} name={name} figure={figures.value.get(id)} most={most} marks={marks} />
      ))}
      {isMarked && (
        <ul class="marks" aria-label="Marks on the bars">
          {marks.map(({ name, figure, value }) => (
            <li key={figure} data-compared={figure} data-value={value}>
              {name} {formatQuantity({ value, unit: "1" }).value}
              {value > most && " →"}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What the bars compare, in words. */
function Comparison() {
  const ann = experiment.value?.checkpoints.ann;
  const gap = figures.value.get("gap.ann");
  if (ann === undefined) {
    return (
      <>
        The experiment names no ANN. Costs are those of one of the same size {ON_ENGINES}; its error rate is unknown, so
        this is no comparison at equal accuracy.
      </>
    );
  }
  if (annMissing.value !== null)
    return (
      <span data-missing="ann">
        The ANN, <code>{ann}</code>, has no rate here{figures.value.has("gap.ann") ? " on these prompts" : ""}:{" "}
        {annMissing.value}
      </span>
    );
  const difference = gap && formatQuantity(gap);
  return (
    <>
      The ANN, <code>{ann}</code>, answered the same prompts in floating point; its costs are those {ON_ENGINES}.
      {difference && (
        <span data-compared="gap.ann" data-value={gap.value}>
          {` Chips minus the ANN: ${difference.value} (${difference.interval}).`}
        </span>
      )}
      <Ratios />
      {difference && <Winners />}
    </>
  );
}

const ON_ENGINES = "with 8-bit integers in adder trees and on a systolic array";

/** The energy of each rival over that of the chips, as `xpike run` prints it. */
function Ratios() {
  const ratios = energyRatios([...figures.value.values()]).map(({ figure, rival, accuracy }) => {
    const { value, interval } = formatQuantity(figure);
    return `${rival} ${value} times${interval ? ` (${interval})` : ""}, ${accuracy}`;
  });
  if (ratios.length === 0) return null;
  return <span data-ratios> {`Energy over that of the chips: ${ratios.join("; ")}.`}</span>;
}

/** Who wins by what, and by how much; a difference in errors only where its interval leaves no doubt. Energy is that of `Ratios`. */
function Winners() {
  const { rate, name } = metric.value;
  const ratio = (own: string, ann: string) =>
    (figures.value.get(own)?.value ?? 0) / (figures.value.get(ann)?.value ?? 0);
  const times = [
    ["latency", ratio("cost.latency.alone", "cost.latency.annDigital")],
    ["throughput", 1 / ratio("cost.xpikeformer.inFlight", "cost.annDigital.inFlight")],
  ] as const;
  const { low = 0, high = 0 } = figures.value.get("gap.ann")?.interval ?? {};
  const worse = rate.startsWith("accuracy") ? [-high, -low] : [low, high];
  const by = (isAnn: boolean) => [
    ...((isAnn ? worse[0] > 0 : worse[1] < 0) ? [name] : []),
    ...times.flatMap(([quantity, own]) => {
      const factor = isAnn ? own : 1 / own;
      return factor > 1 ? [`${quantity} (${formatQuantity({ value: factor, unit: "1" }, 2).value} times)`] : [];
    }),
  ];
  const sides = [
    ["the ANN", by(true)],
    ["the chips", by(false)],
  ] as const;
  const said = sides.flatMap(([who, what]) => (what.length > 0 ? [`${who} by ${what.join(", ")}`] : []));
  return <span data-wins> {`Better are ${said.join("; ")}, on the systolic array.`}</span>;
}

interface BarProps {
  readonly name: string;
  readonly figure: FigureDraft | undefined;
  readonly most: number;
  readonly marks: readonly Mark[];
  readonly strong?: boolean;
}

/** A bar of 0 to `most`, with its interval as a line, and marks across it. */
function Bar({ name, figure, most, marks, strong = false }: BarProps) {
  const { value, unit } = figure ? formatQuantity(figure) : { value: "…", unit: "" };
  const at = (x: number) => (100 * x) / most;
  return (
    <div class={strong ? "bar-row strong" : "bar-row"}>
      <span>{name}</span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect width={at(figure?.value ?? 0)} height={10} />
        {figure?.interval && <path d={`M${at(figure.interval.low)} 5H${at(figure.interval.high)}`} />}
        {marks
          .filter(({ value }) => value <= most)
          .map(({ figure, value }) => (
            <path key={figure} class="mark" d={`M${at(value)} 0V10`} />
          ))}
      </svg>
      <span data-compared={figure?.id} data-value={figure?.value}>
        {value} {unit === "1/s" ? "" : unit}
      </span>
    </div>
  );
}
