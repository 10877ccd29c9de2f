/** Where a training ran, as run folders and the metadata of networks name it. */
import type { TrainOptions } from "./train.ts";

/** In WebAssembly; what names nothing was trained there. */
export const THREADS = "wasm";

export const placeOf = ({ backend, fastMath }: Pick<TrainOptions, "backend" | "fastMath">): string =>
  backend ? `${backend.name} on ${backend.device}` : fastMath ? `${THREADS} with relaxed SIMD` : THREADS;

/** All places of a training, each once; null if there is nothing to name. */
export const placesText = (places: readonly string[]): string | null =>
  places.some((place) => place !== THREADS) ? [...new Set(places)].join(" + ") : null;
