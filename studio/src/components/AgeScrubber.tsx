import { change } from "../state/knobs.ts";
import { experiment } from "../state/studio.ts";
import { ageName } from "../words.ts";
import { Scrubber } from "./Scrubber.tsx";

/** Four positions per decade, from one second to ten years. */
const [DECADE, MOST] = [4, 34];

/** The time since the chip was programmed, on a logarithmic scale. */
export function AgeScrubber({ label = "Age" }: { label?: string }) {
  const now = experiment.value!;
  const { readTime } = now.hardware;
  const position = Math.round(DECADE * Math.log10(Math.max(1, readTime)));
  return (
    <Scrubber
      label={label}
      value={Math.min(position, MOST)}
      most={MOST}
      onChange={(value) => {
        const hardware = { ...now.hardware, readTime: Number((10 ** (value / DECADE)).toPrecision(3)) };
        change({ ...now, hardware });
      }}
      said={ageName(readTime)}
    />
  );
}
