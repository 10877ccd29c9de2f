import { useMemo } from "preact/hooks";
import { type SpikeTrain, unpackSpikes } from "xpikeformer";
import { Raster } from "./Raster.tsx";

interface SpikeStripProps {
  readonly name: string;
  readonly train: SpikeTrain;
  readonly token: number;
  /** The highlighted time step. */
  readonly step: number;
}

/** One spike train of one token: a column per neuron, a row per time step. */
export function SpikeStrip({ name, train, token, step }: SpikeStripProps) {
  const { steps, rows, features } = train;
  const spikes = useMemo(() => unpackSpikes(train), [train]);
  const row = Math.min(token, rows - 1);
  const at = (t: number) => spikes.subarray((t * rows + row) * features, (t * rows + row + 1) * features);
  const fired = at(step).reduce((sum, spike) => sum + spike, 0);
  return (
    <div class="strip">
      <span class="strip-name">{name}</span>
      <Raster
        width={features}
        height={steps}
        label={`${name}: ${fired} of ${features} neurons fire in step ${step + 1}`}
        colour={(t, feature) => (at(t)[feature] ? (t === step ? "accent" : "ink") : t === step ? "band" : null)}
      />
      <span class="strip-count">
        {fired} of {features}
      </span>
    </div>
  );
}
