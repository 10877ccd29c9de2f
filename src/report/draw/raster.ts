/** Spike rasters: a dot for every spike of a layer, features down, time to the right within each token. */
import { rasterSpikes } from "../measured.ts";
import type { RasterChart, RasterLayer } from "../report.ts";
import { colour, type Drawing, drawPlot, pathMark, pixel } from "./drawing.ts";
import { bitPicture, type Picture, pictureMark } from "./png.ts";

const WIDTH = 312;
/** The same for every layer, so that layers of different width stand side by side. */
const HEIGHT = 200;
const MOST_FEATURES = 512;
const MOST_COLUMNS = 640;

export function drawRaster(chart: RasterChart): Drawing {
  const panels = chart.layers.map((layer, i) => ({
    name: `${layer.name} · ${(100 * layer.density).toFixed(1)} % of bits are spikes`,
    svg: drawLayer(layer, `spikes-${chart.id}-${i}`),
  }));
  const cut = chart.layers.some((layer) => drawnFeatures(layer) < layer.features || drawnTokens(layer) < layer.tokens);
  const remark = `Large layers are cut to their first ${MOST_FEATURES} features and ${MOST_COLUMNS} columns.`;
  return { panels, legend: [], wide: true, ...(cut ? { remark } : {}) };
}

const drawnFeatures = ({ features }: RasterLayer): number => Math.min(features, MOST_FEATURES);
const drawnTokens = ({ tokens, steps }: RasterLayer): number =>
  Math.min(tokens, Math.max(1, Math.floor(MOST_COLUMNS / steps)));

function drawLayer(layer: RasterLayer, id: string) {
  const { steps, name, density } = layer;
  const [features, tokens] = [drawnFeatures(layer), drawnTokens(layer)];
  const linear = (domain: [number, number], label: string) =>
    ({ type: "linear", domain, label, labelArrow: "none", tickSize: 3 }) as const;
  return drawPlot(
    {
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 48,
      marginRight: 8,
      marginTop: 8,
      marginBottom: 38,
      x: {
        ...linear([0, tokens], `token, ${steps} ${steps === 1 ? "step" : "steps"} each`),
        labelAnchor: "center",
        ticks: 6,
      },
      y: { ...linear([features, 0], "feature"), labelAnchor: "center", ticks: 4 },
      marks: [
        pictureMark(id, spikePicture(layer), colour(0), (scales) => {
          const [x, y] = [scales.x as Scale, scales.y as Scale];
          return { x: x(0), y: y(0), width: x(tokens) - x(0), height: y(features) - y(0) };
        }),
        pathMark({ stroke: "currentColor", opacity: 0.12 }, ({ x, y }) =>
          Array.from(
            { length: tokens + 1 },
            (_, token) => `M${pixel((x as Scale)(token))},${pixel((y as Scale)(0))}V${pixel((y as Scale)(features))}`,
          ).join(""),
        ),
      ],
    },
    `Spikes of ${name}: ${(100 * density).toFixed(1)} % of the bits are spikes.`,
  );
}

type Scale = (value: number) => number;

/** A pixel for each bit that is drawn: a row for each feature, and the steps of a token side by side. */
function spikePicture(layer: RasterLayer): Picture {
  const { steps, tokens, features } = layer;
  const [height, width] = [drawnFeatures(layer), drawnTokens(layer) * steps];
  const bits = rasterSpikes(layer);
  const pixels = new Uint8Array(height * width);
  for (let feature = 0; feature < height; feature++) {
    for (let column = 0; column < width; column++) {
      const [token, step] = [Math.floor(column / steps), column % steps];
      pixels[feature * width + column] = bits[(step * tokens + token) * features + feature];
    }
  }
  return bitPicture(width, height, pixels);
}
