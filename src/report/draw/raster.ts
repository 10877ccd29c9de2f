/** Spike rasters: a dot for every spike of a layer, features down, time to the right within each token. */
import { rasterSpikes } from "../measured.ts";
import type { RasterChart, RasterLayer } from "../report.ts";
import { colour, type Drawing, drawPlot, pathMark, pixel } from "./drawing.ts";

const WIDTH = 350;
/** The same for every layer, so that layers of different width stand side by side. */
const HEIGHT = 230;
const MOST_FEATURES = 512;
const MOST_COLUMNS = 640;

export function drawRaster(chart: RasterChart): Drawing {
  const panels = chart.layers.map((layer) => ({
    name: `${layer.name} · ${(100 * layer.density).toFixed(1)} % of bits are spikes`,
    svg: drawLayer(layer),
  }));
  const cut = chart.layers.some((layer) => drawnFeatures(layer) < layer.features || drawnTokens(layer) < layer.tokens);
  const remark = `Large layers are cut to their first ${MOST_FEATURES} features and ${MOST_COLUMNS} columns.`;
  return { panels, legend: [], wide: true, ...(cut ? { remark } : {}) };
}

const drawnFeatures = ({ features }: RasterLayer): number => Math.min(features, MOST_FEATURES);
const drawnTokens = ({ tokens, steps }: RasterLayer): number =>
  Math.min(tokens, Math.max(1, Math.floor(MOST_COLUMNS / steps)));

function drawLayer(layer: RasterLayer) {
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
        pathMark({ fill: colour(0) }, ({ x, y }) => spikePath(layer, x as Scale, y as Scale)),
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

/** One rectangle per run of spikes of a feature within a token. */
function spikePath(layer: RasterLayer, x: Scale, y: Scale): string {
  const { steps, tokens, features } = layer;
  const bits = rasterSpikes(layer);
  const height = pixel(y(1) - y(0));
  let path = "";
  for (let feature = 0; feature < drawnFeatures(layer); feature++) {
    for (let token = 0; token < drawnTokens(layer); token++) {
      for (let step = 0; step < steps; step++) {
        const first = step;
        while (step < steps && bits[(step * tokens + token) * features + feature]) step++;
        if (step === first) continue;
        const left = x(token + first / steps);
        const width = pixel(x(token + step / steps) - left);
        path += `M${pixel(left)},${pixel(y(feature))}h${width}v${height}h-${width}z`;
      }
    }
  }
  return path;
}
