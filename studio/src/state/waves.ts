/** The waveform of a head's tile on the prompt shown, beside the simulator's spikes. */
import { computed, signal } from "@preact/signals";
import { type SpikeTrain, unpackSpikes } from "xpikeformer";
import type { TileWaves, WavePlace } from "xpikeformer/internal";
import { type Failure, failureOf } from "../workers/calls.ts";
import { following } from "./ask.ts";
import { tilesDrawn } from "./place.ts";
import { asked, chip, prompt, wavesOf } from "./studio.ts";

/** The cell on view; null before anyone asks. A machine that lacks it shows its nearest one. */
export const wanted = signal<WavePlace | null>(null);

/** The cell of the machine shown; null where its attention has no cycle model, or before anyone asks. */
export const wavePlace = computed((): WavePlace | null => {
  const at = wanted.value;
  const view = chip.value;
  const tiles = view && tilesDrawn(view.mapping);
  if (!at || !tiles) return null;
  const { tokens } = tiles;
  const { depth, heads } = view.model;
  const { block, head, query, key } = at;
  const within = (index: number, count: number) => Math.min(index, count - 1);
  return {
    ...{ block: within(block, depth), head: within(head, heads) },
    ...{ query: within(query, tokens), key: within(key, tokens) },
  };
});

/** Why there is no waveform; null if there is, or will be. */
export const waveFailure = signal<Failure | null>(null);

const answer = following(
  () => wavePlace.value && chip.value && { asked: asked.value, place: wavePlace.value, chip: chip.value },
  async (question) => {
    waveFailure.value = null;
    return { ...question, waves: await wavesOf(question) };
  },
  (error) => {
    waveFailure.value = failureOf(error);
  },
  false,
);

export interface Compared {
  readonly place: WavePlace;
  readonly waves: TileWaves;
  /** The functional simulator's bit of the query in each clock; -1 where none of the query's leaves. */
  readonly simulated: Int8Array;
}

/** The waveform of what is shown, with the simulator's spikes; null while it is computed. */
export const waves = computed((): Compared | null => {
  const known = answer.value;
  const view = prompt.value;
  if (!known?.waves || known.chip !== chip.value || known.place !== wavePlace.value) return null;
  if (known.asked !== asked.value || !view || JSON.stringify(view.asked) !== JSON.stringify(known.asked)) return null;
  const { place, waves } = known;
  const attention = view.rasters[`blocks.${place.block}.attention`];
  return attention ? { place, waves, simulated: bitsOf(waves, place, attention) } : null;
});

function bitsOf({ leaves, tokens, dimension }: TileWaves, { head, query }: WavePlace, train: SpikeTrain): Int8Array {
  const spikes = unpackSpikes(train);
  return Int8Array.from(leaves, (at) => {
    const row = Math.floor(at / dimension);
    if (at < 0 || row % tokens !== query) return -1;
    return spikes[row * train.features + head * dimension + (at % dimension)];
  });
}
