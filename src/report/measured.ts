/** Converts measurements into parts of a report: an error rate, a value per chip, a spike train. */
import { ShapeError } from "../errors.ts";
import { meanInterval } from "../numeric/statistics.ts";
import { density, type SpikeTrain, unpackSpikes } from "../spike/train.ts";
import type { ErrorRate } from "../task/metrics.ts";
import type { FigureDraft } from "./build-report.ts";
import type { RasterLayer } from "./report.ts";

/** A bit or symbol error rate with the interval of `task/metrics.ts`. */
export function errorRateFigure(id: string, label: string, { rate, low, high, trials }: ErrorRate): FigureDraft {
  return { id, label, value: rate, unit: "1", interval: { low, high, kind: "95 % prompt-clustered" }, trials };
}

/** The mean over chips, seeds or other repeats, with Student's interval; a single value has no interval. */
export function meanFigure(
  id: string,
  label: string,
  values: readonly number[],
  { unit = "1", of = "chips" }: { unit?: string; of?: string } = {},
): FigureDraft {
  if (values.length === 1) return { id, label, value: values[0], unit, trials: 1 };
  const { mean, low, high } = meanInterval(values);
  return {
    id,
    label,
    value: mean,
    unit,
    interval: { low, high, kind: `95 % Student, ${values.length} ${of}` },
    trials: values.length,
  };
}

/**
 * The rows `firstRow .. firstRow + tokens` of a spike train, by default all rows; usually one prompt.
 * Throws  ShapeError when the train has no such rows
 */
export function rasterLayer(
  name: string,
  train: SpikeTrain,
  firstRow = 0,
  tokens = train.rows - firstRow,
): RasterLayer {
  const { steps, rows, features } = train;
  if (!(firstRow >= 0 && tokens >= 1 && firstRow + tokens <= rows)) {
    throw new ShapeError(
      name,
      `Rows ${firstRow} to ${firstRow + tokens} were asked for, but the spike train has ${rows}.`,
    );
  }
  const bits = unpackSpikes(train);
  const bytes = new Uint8Array(Math.ceil((steps * tokens * features) / 8));
  for (let t = 0, i = 0; t < steps; t++) {
    const start = (t * rows + firstRow) * features;
    for (let j = 0; j < tokens * features; j++, i++) bytes[i >> 3] |= bits[start + j] << (i & 7);
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { name, steps, tokens, features, density: density(train), spikes: btoa(text) };
}

/** The spikes of a raster as 0/1 bytes `[steps, tokens, features]`. */
export function rasterSpikes({ steps, tokens, features, spikes }: RasterLayer): Uint8Array {
  const bytes = atob(spikes);
  return Uint8Array.from({ length: steps * tokens * features }, (_, i) => (bytes.charCodeAt(i >> 3) >> (i & 7)) & 1);
}
