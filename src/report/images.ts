/** Single images in a report: the image, the decision, and the attention over time steps. */
import type { ChartDraft } from "./build-report.ts";

/** Some test images, with the first chip's decisions and attention. */
export interface ExampleImages {
  readonly height: number;
  readonly width: number;
  /** Brightness of each image, 0 to 1: `[height * width]`, the mean over channels. */
  readonly images: readonly Float64Array[];
  readonly labels: readonly string[];
  /** Decisions after all time steps. */
  readonly decisions: readonly string[];
  /** Patches from top to bottom and from left to right. */
  readonly grid: { readonly rows: number; readonly columns: number };
  /** Time steps at which attention is shown, ascending. */
  readonly steps: readonly number[];
  /** `[steps][images]`: attention to each patch, averaged over the steps so far. */
  readonly attention: readonly (readonly Float64Array[])[];
}

export function examplesChart({ height, width, images, labels, decisions }: ExampleImages): ChartDraft {
  const titles = labels.map((label, i) => (decisions[i] === label ? label : `${label} → ${decisions[i]}`));
  return {
    kind: "heat",
    id: "examples",
    title: "Test images",
    caption: `The first test images, with the first chip's decisions: ${titles.join("; ")}.`,
    x: { label: "Image", ticks: imageTicks(labels, width) },
    y: { label: "Rows", ticks: new Array<string>(height).fill("") },
    label: "Brightness",
    values: sideBySide(images, height, width),
  };
}

/** Empty for attention without probabilities. */
export function attentionChart({ grid, images, steps, attention }: ExampleImages): ChartDraft[] {
  if (steps.length === 0) return [];
  const rows = steps.flatMap((step, s) => [
    ...(s === 0 ? [] : [{ tick: "", values: new Array<number>(images.length * (grid.columns + 1) - 1).fill(0) }]),
    ...sideBySide(attention[s], grid.rows, grid.columns).map((values, row) => ({
      tick: row === 0 ? `T = ${step}` : "",
      values,
    })),
  ]);
  const chart: ChartDraft = {
    kind: "heat",
    id: "attention",
    title: "Attention of the last block over time steps",
    caption:
      "The same images, patch by patch: the probability that a token attends to the patch, averaged over the heads and tokens of the " +
      "last block and over the time steps so far, on the first chip.",
    x: {
      label: "Image",
      ticks: imageTicks(
        images.map((_, i) => String(i + 1)),
        grid.columns,
      ),
    },
    y: { label: "Rows of patches", ticks: rows.map(({ tick }) => tick) },
    label: "Probability of attention",
    values: rows.map(({ values }) => values),
  };
  return [chart];
}

/** The name of each image at its middle column, and a column without a name between images. */
export const imageTicks = (names: readonly string[], columns: number): string[] =>
  Array.from({ length: names.length * (columns + 1) - 1 }, (_, i) =>
    i % (columns + 1) === columns >> 1 ? names[Math.floor(i / (columns + 1))] : "",
  );

/** Images as one matrix, with a column of 0 between them. */
export function sideBySide(images: readonly Float64Array[], rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    images.flatMap((image, i) => [...(i === 0 ? [] : [0]), ...image.subarray(row * columns, (row + 1) * columns)]),
  );
}
