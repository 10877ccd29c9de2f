import { formatQuantity } from "xpikeformer/report";
import { experiment, isProgramming, metric } from "../state/studio.ts";
import {
  AGES,
  agedLayer,
  CHIPS,
  isOpen,
  MANY,
  measureYear,
  PROMPTS,
  population,
  populationFailure,
  year,
} from "../state/year.ts";
import { ageName, partName } from "../words.ts";
import type { AgedRate } from "../workers/year.ts";
import { AgeScrubber } from "./AgeScrubber.tsx";
import { Failed } from "./Notice.tsx";
import { SaveSvg } from "./SaveSvg.tsx";
import "./year.css";

/** What age does: the error rate over age, and a hundred chips at the age on view. */
export function YearPanel() {
  return (
    <section class="year" aria-labelledby="year">
      <h3 id="year">A year</h3>
      <div class="year-figures">
        <RateCurve />
        <Chips />
      </div>
    </section>
  );
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [560, 260, 64, 30, 28];
const last = Math.log10(AGES[AGES.length - 1].seconds);
const x = (seconds: number) => LEFT + ((WIDTH - LEFT - 34) * Math.log10(Math.max(1, seconds))) / last;

/** The error rate at each age, with and without drift compensation. */
function RateCurve() {
  const { rates: known, failure } = year.value ?? { rates: null, failure: null };
  const { errors } = metric.value;
  const done = known !== null && known.length === 2 * AGES.length;
  return (
    <figure data-saves="year">
      {known === null ? (
        <p>
          The {errors} from 1 s to a year after programming, with and without drift compensation, of {CHIPS} chips of
          this machine on {PROMPTS} prompts each.{" "}
          <button type="button" onClick={measureYear} disabled={isProgramming.value}>
            Measure
          </button>
        </p>
      ) : (
        <>
          <SaveSvg
            title={`${errors} over age`}
            data={() => ({
              ...{ chips: CHIPS, prompts: PROMPTS },
              rates: known.map(({ age, compensated, value, interval }) => ({
                ...{ seconds: age.seconds, compensated, value, interval },
              })),
            })}
          />
          <p class="quiet" aria-live="polite">
            The {errors} of {CHIPS} chips, {PROMPTS} prompts each, the same at every age.{" "}
            {done || failure
              ? `${inWords(known)}Strokes are 95 % intervals.`
              : `Measuring: ${known.length / 2} of ${AGES.length} ages …`}
          </p>
          {failure && <Failed failure={failure} />}
          <Rates known={known} />
        </>
      )}
    </figure>
  );
}

/** What the last age has done, once it is known. */
function inWords(known: readonly AgedRate[]): string {
  const rate = (age: string, compensated: boolean) => {
    const found = known.find((one) => one.age.text === age && one.compensated === compensated);
    if (!found) return undefined;
    const { value, interval } = formatQuantity({
      value: found.value,
      unit: "1",
      interval: found.interval ?? undefined,
    });
    return interval ? `${value} (${interval})` : value;
  };
  const [first, last] = [AGES[0], AGES[AGES.length - 1]];
  const [fresh, aged, without] = [rate(first.text, true), rate(last.text, true), rate(last.text, false)];
  return without === undefined
    ? ""
    : `After ${ageName(last.seconds)}: ${aged}, from ${fresh}; without compensation ${without}. `;
}

/** Error rates on an axis from 0, where a rate of 0 stands. */
function Rates({ known }: { known: readonly AgedRate[] }) {
  const most = oneDigitUp(Math.max(...known.map(({ value, interval }) => interval?.high ?? value), 0.01));
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const curve = (compensated: boolean) => known.filter((rate) => rate.compensated === compensated);
  const now = experiment.value!.hardware.readTime;
  const written = (value: number) => formatQuantity({ value, unit: "1" }).value;
  return (
    <svg
      class="rates"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={known
        .map(
          ({ age, compensated, value }) =>
            `${age.text} ${compensated ? "with" : "without"} compensation ${written(value)}`,
        )
        .join(", ")}
    >
      {[0, most].map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${LEFT} ${y(tick)}H${WIDTH - 34}`} />
          <text x={LEFT - 6} y={y(tick) + 4} class="end">
            {written(tick)}
          </text>
        </g>
      ))}
      {AGES.map(({ seconds }, i) => (
        <text
          key={seconds}
          x={i < AGES.length - 1 ? x(seconds) : WIDTH}
          y={HEIGHT - 8}
          class={i < AGES.length - 1 ? "middle" : "end"}
        >
          {ageName(seconds)}
        </text>
      ))}
      <path class="cursor" d={`M${x(now)} ${TOP}V${HEIGHT - BOTTOM}`} />
      {[false, true].map((compensated) => {
        const points = curve(compensated);
        return (
          <g key={String(compensated)} class={compensated ? "with" : "without"}>
            <path
              class="line"
              d={points.map(({ age, value }, i) => `${i ? "L" : "M"}${x(age.seconds)} ${y(value)}`).join("")}
            />
            {points.map(({ age, value, interval }) => (
              <g key={age.text} data-age={age.text} data-value={value}>
                {interval && <path class="bar" d={`M${x(age.seconds)} ${y(interval.low)}V${y(interval.high)}`} />}
                <circle cx={x(age.seconds)} cy={y(value)} r={3.5}>
                  <title>
                    {age.text}: {written(value)}
                  </title>
                </circle>
              </g>
            ))}
          </g>
        );
      })}
      <g class="with">
        <circle cx={LEFT + 4} cy={8} r={3.5} />
        <text x={LEFT + 14} y={12}>
          with compensation
        </text>
      </g>
      <g class="without">
        <circle cx={LEFT + 244} cy={8} r={3.5} />
        <text x={LEFT + 254} y={12}>
          without
        </text>
      </g>
    </svg>
  );
}

/** A value above 0, rounded up to one digit: an end of the axis that can be read. */
function oneDigitUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  return Number((Math.ceil(value / decade) * decade).toPrecision(1));
}

/** The error of the weights on each of the chips, at the age on view. */
function Chips() {
  const known = population.value;
  const layer = agedLayer.value;
  if (!isOpen.value)
    return (
      <p>
        {MANY} chips of this machine that age together: how far their weights are from what was stored.{" "}
        <button
          type="button"
          onClick={() => {
            isOpen.value = true;
          }}
        >
          Program {MANY} chips
        </button>
      </p>
    );
  if (populationFailure.value) return <Failed failure={populationFailure.value} />;
  if (!known || !layer) return <p class="waiting">Programming {MANY} chips …</p>;
  const { readTime } = known.of.experiment.hardware;
  const rows = [
    ["with", known.compensated],
    ["without", known.uncompensated],
  ] as const;
  const mean = (errors: Float64Array) => errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const percent = (error: number) => `${(100 * error).toFixed(1)} %`;
  const across = (error: number) => 8 + ((WIDTH - 16) * Math.min(MOST, error)) / MOST;
  return (
    <figure aria-busy={known.of.experiment !== experiment.value} data-saves="chips">
      <SaveSvg
        title={`Error of the weights of ${MANY} chips`}
        of={known.of.experiment}
        data={() => ({ layer: layer.name, compensated: known.compensated, uncompensated: known.uncompensated })}
      />
      <p class="quiet">
        {MANY} chips of this machine, {ageName(readTime)} after programming: the error of the weights in{" "}
        {partName(layer)}
        {layer.columnGroups > 1 ? ", first tile" : ""}. A dot per chip; the ringed one is the chip above.
      </p>
      <AgeScrubber label="Age of all chips" />
      <svg
        class="rates dots"
        viewBox={`0 0 ${WIDTH} 150`}
        role="img"
        aria-label={rows.map(([name, errors]) => `${name} compensation ${percent(mean(errors))} on average`).join(", ")}
      >
        {rows.map(([name, errors], row) => (
          <g key={name} class={name}>
            <text x={8} y={14 + 62 * row}>
              {name} compensation: {percent(mean(errors))} on average
            </text>
            {Array.from(errors, (error, i) => (
              <circle
                key={i}
                class={i === 0 ? "own" : undefined}
                data-chip={i}
                data-error={error}
                cx={across(error)}
                cy={24 + 62 * row + 4 * (i % 8)}
                r={i === 0 ? 5 : 3}
              />
            ))}
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <text key={share} x={across(share * MOST)} y={146} class={share === 0 ? "" : share === 1 ? "end" : "middle"}>
            {percent(share * MOST)}
          </text>
        ))}
      </svg>
      <figcaption>
        Root mean square of the error over that of the weights, as read. The scale is the same at every age.
      </figcaption>
    </figure>
  );
}

/** Error at the right end of the scale: of devices that are far off. */
const MOST = 0.6;
