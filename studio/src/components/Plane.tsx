import { useEffect, useRef, useState } from "preact/hooks";
import type { Experiment } from "xpikeformer";
import { formatQuantity } from "xpikeformer/report";
import { machineKey } from "../machine-key.ts";
import { type FrontMark, front, loadFront } from "../state/front.ts";
import { described, show } from "../state/knobs.ts";
import {
  annPoints,
  type CostAxis,
  costAxis,
  curve,
  type Dot,
  dots,
  type Line,
  lines,
  type Point,
} from "../state/plane.ts";
import { experiment, metric, opened } from "../state/studio.ts";
import { sweep } from "../state/sweep.ts";
import { ageName, plural } from "../words.ts";
import { SaveSvg } from "./SaveSvg.tsx";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [250, 46, 14, 12, 34];

/** Error against a cost. Each machine tried is a dot, to which a click or Enter returns. */
export function Plane() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  const [chosen, choose] = useState<string | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(240, entry.contentRect.width)));
    observer.observe(box.current!);
    const seen = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && loadFront(),
    );
    seen.observe(box.current!);
    return () => {
      observer.disconnect();
      seen.disconnect();
    };
  }, []);
  const all = dots.value;
  const searched = front.value?.marks ?? [];
  const now = experiment.value && machineKey(experiment.value);
  const first = opened.value && machineKey(opened.value);
  // In the order of the arrow keys: what a search found, then what was tried.
  const spots: readonly Spot[] = [
    ...searched.map((mark) => ({
      key: mark.key,
      id: mark.key,
      experiment: mark.experiment,
      says: () => foundSaid(mark),
    })),
    ...all.map((dot, i) => ({
      ...{ key: dot.tried.key, id: `dot-${i}`, experiment: dot.tried.experiment, says: () => said(dot) },
    })),
  ];
  const at = indexOf(spots, chosen) ?? indexOf(spots, now) ?? searched.length;
  const active = spots[at];
  const { x, y } = scales(width);
  const go = (index: number) => choose(spots[Math.max(0, Math.min(spots.length - 1, index))]?.key ?? null);
  const goTo = (spot: Spot | undefined) => spot && spot.key !== now && show(spot.experiment);
  const onKeyDown = (event: KeyboardEvent) => {
    const act = {
      ArrowLeft: () => go(at - 1),
      ArrowUp: () => go(at - 1),
      ArrowRight: () => go(at + 1),
      ArrowDown: () => go(at + 1),
      Home: () => go(0),
      End: () => go(spots.length - 1),
      Enter: () => goTo(active),
      " ": () => goTo(active),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const anns = annPoints.value;
  const marked = [...all, ...searched, ...anns].map((point) => ({
    ...{ x: x.of(point.cost.value), low: y.of(point.high), high: y.of(point.low) },
  }));
  const path = curve.value.map(({ cost, error }, i) => `${i ? "L" : "M"}${x.of(cost.value)} ${y.of(error)}`).join("");
  return (
    <figure class="plane" data-saves="plane">
      <div class="plane-bar" data-unsaved>
        <span>
          <label for="plane-cost">Error against</label>{" "}
          <select
            id="plane-cost"
            value={costAxis.value}
            onChange={({ currentTarget }) => {
              costAxis.value = currentTarget.value as CostAxis;
            }}
          >
            <option value="energy">energy per {metric.value.result}</option>
            <option value="latency">latency, one at a time</option>
            <option value="area">area</option>
          </select>
        </span>
        {sweep.value && (
          <span class="quiet" role="status">
            {sweep.value.label}: {sweep.value.machines.length} of {plural(sweep.value.values, "value")}
            {sweep.value.running ? " …" : ""}
          </span>
        )}
        {all.length > 0 && (
          <SaveSvg
            title={`Error against ${costAxis.value}`}
            data={() => ({
              axis: costAxis.value,
              machines: all.map(({ tried, ...point }) => ({ ...numbersOf(point), experiment: tried.experiment })),
              ...{ anns: anns.map((point) => ({ name: point.name, ...numbersOf(point) })), lines: lines.value },
              searched: searched.map(({ experiment, ...point }) => ({ ...numbersOf(point), experiment })),
            })}
          />
        )}
      </div>
      <div
        ref={box}
        role="listbox"
        tabIndex={0}
        aria-label="Machines tried"
        aria-busy={all.length === 0}
        aria-activedescendant={active?.id}
        onKeyDown={onKeyDown}
        onBlur={() => choose(null)}
      >
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="presentation">
          {x.ticks.map(({ at, text }) => (
            <g key={text}>
              <path class="grid" d={`M${at} ${TOP}V${HEIGHT - BOTTOM}`} />
              <text x={at} y={HEIGHT - BOTTOM + 14} class="middle">
                {text}
              </text>
            </g>
          ))}
          {y.ticks.map(({ at, text }) => (
            <g key={text}>
              <path class="grid" d={`M${LEFT} ${at}H${width - RIGHT}`} />
              <text x={LEFT - 6} y={at + 4} class="end">
                {text}
              </text>
            </g>
          ))}
          <text x={width - RIGHT} y={HEIGHT - 4} class="end">
            {costAxis.value} →
          </text>
          <text x={LEFT + 4} y={HEIGHT - 4}>
            ↑ {metric.value.errors}, logarithmic
          </text>
          {placed(lines.value, y.of).map(({ name, figure, error, below }) => {
            const height = y.of(error) + (below ? 12 : -4);
            return (
              <g key={figure} class="level" data-mark={figure} data-value={error}>
                <path d={`M${LEFT} ${y.of(error)}H${width - RIGHT}`} />
                <text x={emptiest(name, height, width, marked)} y={height}>
                  {name}
                </text>
              </g>
            );
          })}
          <path class="curve" d={path} />
          {anns.map((ann, i) => (
            <g key={ann.id} class="ann" data-mark={ann.id} data-value={ann.error}>
              <path d={`M${x.of(ann.cost.value)} ${y.of(ann.low)}V${y.of(ann.high)}`} />
              <path class="mark" d={`M${x.of(ann.cost.value)} ${y.of(ann.error)}m-6 0l6 -6l6 6l-6 6z`} />
              <text x={x.of(ann.cost.value)} y={i % 2 ? y.of(ann.high) - 10 : y.of(ann.low) + 18} class="middle">
                {ann.name}
              </text>
            </g>
          ))}
          {searched.map((mark) => {
            const [cx, cy] = [x.of(mark.cost.value), y.of(mark.error)];
            return (
              <g
                key={mark.key}
                id={mark.key}
                role="option"
                aria-selected={false}
                class={active?.key === mark.key ? "found active" : "found"}
                data-mark="front"
                onClick={() => show(mark.experiment)}
                onPointerEnter={() => choose(mark.key)}
              >
                <title>{foundSaid(mark)}</title>
                <circle class="target" cx={cx} cy={cy} r={12} />
                <path d={`M${cx - 4} ${cy}h8M${cx} ${cy - 4}v8`} />
              </g>
            );
          })}
          {all.map((dot, i) => {
            const { tried, cost, error, low, high } = dot;
            const isNow = tried.key === now;
            const names = [
              "dot",
              isNow && "now",
              tried.key === first && "first",
              active?.key === tried.key && "active",
            ];
            const [cx, cy] = [x.of(cost.value), y.of(error)];
            return (
              <g
                key={tried.key}
                id={`dot-${i}`}
                role="option"
                aria-selected={isNow}
                aria-label={said(dot)}
                class={names.filter(Boolean).join(" ")}
                onClick={() => tried.key !== now && show(tried.experiment)}
                onPointerEnter={() => choose(tried.key)}
              >
                <path d={`M${cx} ${y.of(low)}V${y.of(high)}`} />
                <circle class="target" cx={cx} cy={cy} r={12} />
                {tried.key === first ? (
                  <rect class="mark" x={cx - 5} y={cy - 5} width={10} height={10} />
                ) : (
                  <circle class="mark" cx={cx} cy={cy} r={isNow ? 6 : 5} />
                )}
              </g>
            );
          })}
        </svg>
      </div>
      <figcaption>
        {all.length > 0 && active ? active.says() : "The first machine appears with its first figures."}{" "}
        {all.length > 1 && "Square: as opened; filled: shown. Click a dot, or press Enter, to return to its machine. "}
        <Searched />
      </figcaption>
    </figure>
  );
}

/** Pixels between two lines whose names would meet. */
const CLOSE = 32;

/** Pixels of a letter, about. */
const LETTER = 6;

interface Marked {
  readonly x: number;
  /** Its stroke, from the top. */
  readonly low: number;
  readonly high: number;
}

/** Where a line's name meets the fewest marks: at its left, where there are none, in the middle, or at its right. */
function emptiest(name: string, height: number, width: number, marked: readonly Marked[]): number {
  const wide = LETTER * name.length;
  const [first, last] = [LEFT + 4, width - RIGHT - wide];
  const met = (from: number) =>
    marked.filter(({ x, low, high }) => {
      const isBeside = x > from - 40 && x < from + wide + 12;
      return isBeside && low < height + 4 && high > height - 12;
    }).length;
  const spots = [first, (first + last) / 2, last].map((at) => ({ at, met: met(at) }));
  return spots.reduce((best, spot) => (spot.met < best.met ? spot : best)).at;
}

/** The lines from the top, and whether a name stands below its line, since another line is close above. */
function placed(all: readonly Line[], y: (error: number) => number) {
  const sorted = all.toSorted((a, b) => b.error - a.error);
  return sorted.map((line, i) => ({ ...line, below: i > 0 && y(line.error) - y(sorted[i - 1].error) < CLOSE }));
}

/** What the pluses are, and what was not the same: a search has prompts and chips of its own. */
function Searched() {
  const known = front.value;
  if (!known) return null;
  const { tried, seed, age, chips, prompts, marks } = known;
  if (marks.length === 0) return <>Machines of the search have no recorded {costAxis.value}.</>;
  return (
    <>
      Plus: the best {marks.length} of {tried} machines of a search, {ageName(age)} old, on {plural(chips, "chip")} and{" "}
      {plural(prompts, "prompt")} of seed {seed}
      {seed === opened.value!.seed ? "" : `, not ${opened.value!.seed}: distances to dots are partly luck`}. Click one
      to run it.
    </>
  );
}

/** A place on the plane that leads to a machine. */
interface Spot {
  readonly key: string;
  /** Of its element. */
  readonly id: string;
  readonly experiment: Experiment;
  readonly says: () => string;
}

function indexOf(spots: readonly Spot[], key: string | null): number | null {
  const found = spots.findIndex((spot) => spot.key === key);
  return found < 0 ? null : found;
}

/** `Searched: Time steps: 2, ADC bits: 4; error 0.078 (0.057 to 0.099), 263 nJ, as recorded.` */
function foundSaid({ experiment, cost, error, low, high }: FrontMark): string {
  const written = formatQuantity({ value: error, unit: "1", interval: { low, high } });
  const price = formatQuantity(cost);
  return `Searched: ${described(experiment)}; error ${written.value} (${written.interval}), ${price.value} ${price.unit}, as recorded.`;
}

/** What the plane draws of a point. */
const numbersOf = ({ cost: { value: cost, unit }, error, low, high }: Point) => ({ cost, unit, error, low, high });

/** `ADC bits: 6; error 0.058 (0.04 to 0.07), 310 nJ; 1 chip, 160 prompts each.` */
function said({ tried: { experiment, reached }, cost, error, low, high }: Dot): string {
  const written = formatQuantity({ value: error, unit: "1", interval: { low, high } });
  const price = formatQuantity(cost);
  const chips = plural(reached.chips, "chip");
  return `${described(experiment)}; error ${written.value} (${written.interval}), ${price.value} ${price.unit}; ${chips}, ${plural(reached.prompts, "prompt")} each.`;
}

interface Axis {
  readonly of: (value: number) => number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** Logarithmic axes around everything drawn. */
function scales(width: number): { x: Axis; y: Axis } {
  const points = [...dots.value, ...annPoints.value, ...(front.value?.marks ?? [])];
  const unit = points[0]?.cost.unit ?? "J";
  const costs = points.map(({ cost }) => cost.value);
  const errors = [
    ...points.flatMap((point) => ("key" in point ? point.error : [point.error, point.low, point.high])),
    ...lines.value.map(({ error }) => error),
  ];
  return {
    x: logAxis(costs, [LEFT, width - RIGHT], width / 90, (value) => {
      const { value: written, unit: prefixed } = formatQuantity({ value, unit });
      return `${written} ${prefixed}`;
    }),
    y: logAxis(errors, [HEIGHT - BOTTOM, TOP], 5, (value) => formatQuantity({ value, unit: "1" }).value),
  };
}

/** Room beside the outermost values, as a factor. */
const ROOM = 1.3;

/** Pixels between the lower end and the next tick, where the end stands for 0. */
const ABOVE_ZERO = 14;

/** Values of 0 stand at the lower end, which then is a tick of its own. */
function logAxis(
  all: readonly number[],
  [start, end]: readonly [number, number],
  most: number,
  write: (value: number) => string,
): Axis {
  const values = all.filter((value) => value > 0);
  const zero = values.length < all.length ? [{ at: start, text: "0" }] : [];
  const [low, high] = values.length > 0 ? [Math.min(...values) / ROOM, Math.max(...values) * ROOM] : [0.1, 1];
  const of = (value: number) => start + ((end - start) * Math.log(Math.max(value, low) / low)) / Math.log(high / low);
  const decades = Array.from(
    { length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, i) => 10 ** (Math.floor(Math.log10(low)) + i),
  );
  const finest = [[1, 2, 5], [1, 3], [1]].map((steps) =>
    decades.flatMap((decade) => steps.map((step) => step * decade)).filter((value) => value >= low && value <= high),
  );
  const chosen = finest.find(({ length }) => length <= most) ?? finest[2];
  const ticks = chosen.map((value) => ({ at: of(value), text: write(Number(value.toPrecision(1))) }));
  return { of, ticks: [...zero, ...ticks.filter(({ at }) => !zero.some((end) => Math.abs(at - end.at) < ABOVE_ZERO))] };
}
