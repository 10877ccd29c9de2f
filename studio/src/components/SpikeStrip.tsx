import { useMemo, useState } from "preact/hooks";
import { type SpikeTrain, unpackSpikes } from "xpikeformer";
import type { Spot } from "./crosshair.ts";
import { Raster } from "./Raster.tsx";

interface SpikeStripProps {
  readonly name: string;
  readonly train: SpikeTrain;
  readonly token: number;
  /** The highlighted time step. */
  readonly step: number;
  /** Opens a neuron at a time step; null for spikes that no neuron sends. */
  readonly onPick: ((neuron: number, step: number) => void) | null;
}

/** One spike train of one token: a column per neuron, a row per time step. */
export function SpikeStrip({ name, train, token, step, onPick }: SpikeStripProps) {
  const { steps, rows, features } = train;
  const [spot, setSpot] = useState<Spot | null>(null);
  const spikes = useMemo(() => unpackSpikes(train), [train]);
  const row = Math.min(token, rows - 1);
  const at = (t: number) => spikes.subarray((t * rows + row) * features, (t * rows + row + 1) * features);
  const fired = at(step).reduce((sum, spike) => sum + spike, 0);
  const column = spot?.column ?? -1;
  return (
    <div class="strip" onPointerLeave={() => setSpot(null)}>
      <span class="strip-name">{name}</span>
      <Raster
        width={features}
        height={steps}
        label={`${name}: ${fired} of ${features} neurons fire in step ${step + 1}`}
        colour={(t, feature) => {
          if (at(t)[feature]) return t === step || feature === column ? "accent" : "ink";
          return t === step || feature === column ? "band" : null;
        }}
        spot={spot}
        onMove={setSpot}
        onPick={onPick ? ({ column, row }) => onPick(column, row) : undefined}
      />
      <span class="strip-count" aria-live="polite">
        {spot && onPick ? `neuron ${spot.column + 1}` : `${fired} of ${features}`}
      </span>
    </div>
  );
}
