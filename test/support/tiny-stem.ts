/** Networks with a convolutional stem, small enough for finite differences: maps of 4 x 6 pixels, which become 2 x 3 tokens. */
import { type StemSpec, stemSpec } from "../../src/experiment/model.ts";
import type { Geometry } from "../../src/model/geometry.ts";
import { stemGeometry } from "../../src/model/stem.ts";
import { meanGeometry } from "./tiny-network.ts";

export const tinyGrid = { rows: 4, columns: 6 };

/** One layer with max pooling, then an embedding of overlapping windows. */
export const tinyStem: StemSpec = stemSpec.parse({ layers: [{ channels: 8, pool: 2 }] });

/** Every field different from its default, an odd map in between, and no pooling in the first layer. */
export const stridingStem: StemSpec = stemSpec.parse({
  layers: [
    { channels: 8, kernel: 5, stride: 2 },
    { channels: 16, kernel: 1, pool: 1 },
  ],
  embedding: { kernel: 3, stride: 2 },
});

export const stemmed = (stem: StemSpec, inputs = 2): Geometry =>
  stemGeometry(stem, { ...meanGeometry, inputs }, tinyGrid);
