import { type Place, place } from "../state/place.ts";
import { chip, shownToken, step, tileView } from "../state/studio.ts";
import { HeatMap } from "./HeatMap.tsx";

/** A head's tile in one time step: a cell for every query and key. */
export function HeadPanel({ place: at }: { place: Extract<Place, { kind: "head" }> }) {
  const view = tileView.value;
  const { heads } = chip.value!.model;
  if (!view) return <p class="waiting">Looking into the tile …</p>;
  const { tokens, dimension, mask, scores, outputs } = view;
  const most = Math.max(1, ...scores.counts);
  const fired = scores.fires.reduce((sum, bit) => sum + bit, 0);
  const open = mask.reduce((sum, bit) => sum + bit, 0);
  return (
    <div class="tile-panel">
      <div>
        <div class="tile-maps">
          <figure>
            <figcaption>coincidences of q and k, from 0 to {most}</figcaption>
            <HeatMap
              rows={tokens}
              columns={tokens}
              value={(i, j) => (mask[i * tokens + j] ? 0.08 + (0.92 * scores.counts[i * tokens + j]) / most : null)}
              positive="ink"
              label="How many spikes of query and key coincide, by query and key"
              onPick={({ row, column }) => {
                if (mask[row * tokens + column]) place.value = { ...at, kind: "tile-cell", query: row, key: column };
              }}
            />
          </figure>
          <figure>
            <figcaption>
              bits of the scores: {fired} of {open} fire
            </figcaption>
            <HeatMap
              rows={tokens}
              columns={tokens}
              value={(i, j) => (mask[i * tokens + j] ? (scores.fires[i * tokens + j] ? 1 : 0.08) : null)}
              positive="accent"
              label="Which scores fire, by query and key"
              onPick={({ row, column }) => {
                if (mask[row * tokens + column]) place.value = { ...at, kind: "tile-cell", query: row, key: column };
              }}
            />
          </figure>
          <figure>
            <figcaption>output bits, {dimension} of each query</figcaption>
            <HeatMap
              rows={tokens}
              columns={dimension}
              value={(i, f) => (outputs.fires[i * dimension + f] ? 1 : 0.08)}
              positive="accent"
              label="Output bits, by query and feature"
            />
          </figure>
        </div>
      </div>
      <div>
        <p>
          Head {at.head + 1} of {heads}, step {step.value + 1}. A row for each query, a column for each key; empty
          places are closed, because a query sees only known pairs before it.
        </p>
        <p>
          A cell has an AND gate and a counter: it counts in how many of {dimension} features query and key fire
          together. It then compares the count with a random byte, and the score is one bit, which is 1 more often where
          the count is larger. No multiplier, and no softmax.
        </p>
        <button
          type="button"
          onClick={() => {
            place.value = { ...at, kind: "tile-cell", ...firstOpen(view, shownToken.value) };
          }}
        >
          Open a cell of this token
        </button>
      </div>
    </div>
  );
}

/** The open cell of a query with the most coincidences. */
function firstOpen(
  { tokens, mask, scores }: { tokens: number; mask: Uint8Array; scores: { counts: Uint16Array } },
  query: number,
): { query: number; key: number } {
  const keys = Array.from({ length: tokens }, (_, key) => key);
  const row = [query, ...keys].find((i) => keys.some((j) => mask[i * tokens + j])) ?? 0;
  const open = keys.filter((j) => mask[row * tokens + j]);
  const key = open.reduce(
    (best, j) => (scores.counts[row * tokens + j] > scores.counts[row * tokens + best] ? j : best),
    open[0] ?? 0,
  );
  return { query: row, key };
}
