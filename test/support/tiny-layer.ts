import { transformerSpec } from "../../src/experiment/model.ts";
import { type LinearLayer, layersOf } from "../../src/model/layers.ts";
import { graphOf } from "../../src/model/transformer.ts";
import { stemmed, tinyStem } from "./tiny-stem.ts";

const model = transformerSpec.parse({ width: 16, heads: 2, depth: 1, expansion: 2, stem: tinyStem });
const layers = layersOf(graphOf({ model, geometry: stemmed(tinyStem) }));

/** A layer of a network with a stem and one block, with the sizes that a test gives it. */
export function tinyLayer(name: string, sizes: Partial<Pick<LinearLayer, "inputs" | "outputs">> = {}): LinearLayer {
  const layer = layers.find((one) => one.name === name);
  if (layer === undefined) throw new Error(`The layers are ${layers.map((one) => one.name).join(", ")}.`);
  return { ...layer, ...sizes };
}
