import { useState } from "preact/hooks";
import type { Experiment } from "xpikeformer";
import { type ItemisedEnergy, partLabel, type Receipt, type ReceiptItem } from "xpikeformer/internal";
import { formatQuantity } from "xpikeformer/report";
import { experiment, figures, itemised, metric } from "../state/studio.ts";
import { SaveSvg } from "./SaveSvg.tsx";
import "./energy.css";

/** The energy of an inference by part of the machine; a part opens its receipts. */
export function EnergyPanel() {
  const [open, setOpen] = useState<string | null>(null);
  const energy = itemised.value;
  if (!energy) return null;
  const parts = energy.parts.toSorted((a, b) => b.energy - a.energy);
  const most = parts[0].energy;
  const perResult = figures.value.get(metric.value.energy);
  return (
    <section
      class={energy.of === experiment.value ? "energy" : "energy stale"}
      aria-labelledby="energy"
      data-saves="energy"
    >
      <SaveSvg
        title={`Energy of an inference by part: ${energy.of.name}`}
        of={energy.of}
        data={() => ({
          ...{ unit: "J", total: energy.total },
          parts: parts.map(({ part, energy, items }) => ({ part, energy, items })),
        })}
      />
      <h3 id="energy">Where the energy goes</h3>
      <p class="quiet">
        <span data-energy={energy.total}>{written(energy.total, "J")}</span> per inference
        {perResult && perResult.value !== energy.total && (
          <>
            , or {written(perResult.value, "J")} per {metric.value.result}
          </>
        )}
        : counted actions times published prices. {perStep(energy)} Open a part for its count, price and source.
      </p>
      <ul>
        {parts.map(({ part, energy: joules, items }) => (
          <li key={part}>
            <button
              type="button"
              class="part"
              aria-expanded={open === part}
              data-part={part}
              data-joules={joules}
              onClick={() => setOpen(open === part ? null : part)}
            >
              <span>{partLabel(part)}</span>
              <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(100 * joules) / most} height={10} />
              </svg>
              <span>{written(joules, "J")}</span>
              <span class="quiet">
                {((100 * joules) / energy.total).toFixed(joules < 0.1 * energy.total ? 1 : 0)} %
              </span>
            </button>
            {open === part && <Items items={items} receipts={energy.receipts} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a time step costs on average: nearly all actions happen once in each. */
function perStep({ of: { model }, total }: { readonly of: Experiment; readonly total: number }): string {
  const steps = model.kind === "ann" ? 1 : model.steps;
  return steps === 1 ? "" : `Each of the ${steps} time steps takes ${written(total / steps, "J")} of it on average.`;
}

interface ItemsProps {
  readonly items: readonly ReceiptItem[];
  readonly receipts: ItemisedEnergy["receipts"];
}

/** Count times price, then what the prices are made of. */
function Items({ items, receipts }: ItemsProps) {
  const used = [...new Set(items.flatMap(({ weights }) => weights.map(({ parameter }) => parameter)))];
  return (
    <div class="receipts">
      <table>
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Count</th>
            <th scope="col">Price</th>
            <th scope="col">Energy</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ what, count, unit, energy, weights }) => (
            <tr key={what}>
              <th scope="row">
                {what}
                <span class="quiet made">
                  {weights
                    .map(({ parameter, weight }) => `${receipts[parameter]!.label} ${weight.toFixed(2)}`)
                    .join("; ")}
                </span>
              </th>
              <td>{unit === "s" ? written(count, "s") : counted(count)}</td>
              <td>{unit === "s" ? written(energy / count, "W") : written(energy / count, "J")}</td>
              <td>{written(energy, "J")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">
        Below each action: what its price is made of, with the share of its energy that follows each value, 1 for all of
        it.
      </p>
      <ul class="sources-of">
        {used.map((parameter) => (
          <Source key={parameter} receipt={receipts[parameter]!} />
        ))}
      </ul>
    </div>
  );
}

function Source({ receipt: { label, unit, value, price, reference, url } }: { receipt: Receipt }) {
  return (
    <li>
      <details>
        <summary>
          {label}: {written(value, unit)}, {price.basis}
        </summary>
        <p>
          {price.printed}
          {price.arithmetic && <>. So: {price.arithmetic}</>}.{price.note && <> But: {price.note}.</>}
        </p>
        <p class="quiet">
          {url === null ? (
            reference
          ) : (
            <a href={url} target="_blank" rel="noreferrer">
              {reference}
            </a>
          )}{" "}
          <code>{price.id}</code>
        </p>
      </details>
    </li>
  );
}

function written(value: number, unit: Receipt["unit"]): string {
  const quantity = formatQuantity({ value, unit });
  return `${quantity.value} ${quantity.unit}`.trim();
}

const counted = (count: number): string =>
  count.toLocaleString("en", { maximumFractionDigits: count < 10 ? 2 : 0, useGrouping: count >= 10_000 });
