import { type Place, place } from "../state/place.ts";
import { chip, shownStep, shownToken } from "../state/studio.ts";
import { tileView } from "../state/views.ts";
import { HeatMap } from "./HeatMap.tsx";
import { SaveSvg } from "./SaveSvg.tsx";

/** A head's tile in one time step: one cell per query and key. */
export function HeadPanel({ place: at }: { place: Extract<Place, { kind: "head" }> }) {
  const view = tileView.value;
  const { heads } = chip.value!.model;
  if (!view) return <p class="waiting">Reading the tile …</p>;
  const { tokens, dimension, mask, scores, outputs, mostCount } = view;
  const fired = scores.fires.reduce((sum, bit) => sum + bit, 0);
  const open = mask.reduce((sum, bit) => sum + bit, 0);
  return (
    <div class="tile-panel">
      <div data-saves="head">
        <SaveSvg title={`Block ${at.block + 1}, head ${at.head + 1}, step ${shownStep.value + 1}`} data={() => view} />
        <div class="tile-maps">
          <figure>
            <figcaption>coincidences of q and k, 0 to {mostCount}, the same in all steps</figcaption>
            <HeatMap
              rows={tokens}
              columns={tokens}
              value={(i, j) =>
                mask[i * tokens + j] ? 0.08 + (0.92 * scores.counts[i * tokens + j]) / mostCount : null
              }
              positive="ink"
              label="Number of coinciding spikes, by query and key"
              onPick={({ row, column }) => {
                if (mask[row * tokens + column]) place.value = { ...at, kind: "tile-cell", query: row, key: column };
              }}
            />
          </figure>
          <figure>
            <figcaption>
              score bits: {fired} of {open} are 1
            </figcaption>
            <HeatMap
              rows={tokens}
              columns={tokens}
              value={(i, j) => (mask[i * tokens + j] ? (scores.fires[i * tokens + j] ? 1 : 0.08) : null)}
              positive="accent"
              label="Score bits, by query and key"
              onPick={({ row, column }) => {
                if (mask[row * tokens + column]) place.value = { ...at, kind: "tile-cell", query: row, key: column };
              }}
            />
          </figure>
          <figure>
            <figcaption>output bits, {dimension} per query</figcaption>
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
          Head {at.head + 1} of {heads}, step {shownStep.value + 1}. Each row is a query, each column a key. Empty cells
          are masked: a query sees only the known pairs before it.
        </p>
        <p>
          Each cell has an AND gate and a counter. It counts the features, of {dimension}, in which query and key fire
          together, then compares the count with a random byte. The result is the score: one bit, more often 1 where the
          count is larger. There is no multiplier and no softmax.
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

/** The unmasked cell of a query with the most coincidences. */
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
