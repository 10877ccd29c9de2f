import type { Place } from "../state/place.ts";
import { shownStep } from "../state/studio.ts";
import { tileView } from "../state/views.ts";
import { Bits } from "./Bits.tsx";
import "./gates.css";

/** One cell of a tile: the AND gate, the counter, the random byte and the comparison. */
export function TileCellPanel({ place: { query, key } }: { place: Extract<Place, { kind: "tile-cell" }> }) {
  const view = tileView.value;
  if (!view) return <p class="waiting">Reading the tile …</p>;
  const { tokens, dimension, scores } = view;
  const row = (spikes: Uint8Array, token: number) => spikes.subarray(token * dimension, (token + 1) * dimension);
  const [q, k] = [row(view.query, query), row(view.key, key)];
  const at = query * tokens + key;
  const count = scores.counts[at];
  const { gain, normaliser, bits } = scores;
  const fires = scores.fires[at] === 1;
  const share = Math.min(1, (gain * count) / normaliser);
  const draw = scores.draws[at];
  const most = 2 ** bits;
  return (
    <div class="panel-grid">
      <div class="gates">
        <Bits name={`q of token ${query + 1}`} bits={q} />
        <Bits name={`k of token ${key + 1}`} bits={k} />
        <Bits name="AND" bits={q.map((bit, f) => bit & k[f])} accent />
      </div>
      <dl>
        <dt>counter</dt>
        <dd>{count} coincidences</dd>
        <dt>probability of a 1</dt>
        <dd>
          gain {gain} × {count} / {normaliser}
          {gain * count > normaliser ? ", above 1: the score is always 1" : ` = ${(100 * share).toFixed(1)} %`}
        </dd>
        <dt>random {bits === 8 ? "byte" : "number"}</dt>
        <dd>
          {draw} of {most}
        </dd>
        <dt>comparison</dt>
        <dd>
          {draw} × {normaliser} = {draw * normaliser} is {fires ? "less than" : "not less than"} {gain} × {count} ×{" "}
          {most} = {gain * count * most}: the score is <strong>{fires ? 1 : 0}</strong>
        </dd>
      </dl>
      <svg
        class="chance"
        viewBox="0 0 100 6"
        preserveAspectRatio="none"
        role="img"
        aria-label="The probability of a 1, and the random number"
      >
        <rect class="all" width={100} height={6} />
        <rect class="share" width={100 * share} height={6} />
        <rect class="draw" x={(100 * draw) / most} width={0.5} height={6} />
      </svg>
      <p class="quiet">
        Step {shownStep.value + 1}. The filled part is the probability, the mark the random number; a mark inside the
        filled part gives a 1. Play the time steps: their random numbers are spread evenly, so the mean of the bits
        approaches the probability.
      </p>
    </div>
  );
}
