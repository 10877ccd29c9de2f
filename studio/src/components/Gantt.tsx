import { jobOf, type ScheduledUnit } from "xpikeformer";
import { type Place, place } from "../state/place.ts";
import { shownStep, shownToken } from "../state/studio.ts";
import { partName } from "../words.ts";
import type { ChipView } from "../workers/chip.ts";
import { SaveSvg } from "./SaveSvg.tsx";

/** When each unit works on one prompt. Marks follow the selected token and time step through the machine. */
export function Gantt({ view: { schedule, machine } }: { view: ChipView }) {
  const { units, clocks } = schedule.alone;
  return (
    <figure class="gantt" data-saves="schedule">
      <SaveSvg title="When each unit works" data={() => schedule.alone} />
      <h3>When each unit works</h3>
      {units.map((unit) => {
        const job = jobOf(unit, machine, shownToken.value, shownStep.value);
        return (
          <div class="gantt-row" key={`${unit.name} ${unit.load}`}>
            <button
              type="button"
              class="link"
              onClick={() => {
                place.value = placeOf(unit);
              }}
            >
              {partName(unit)}
            </button>
            <svg
              viewBox={`0 0 ${clocks} 10`}
              preserveAspectRatio="none"
              role="img"
              aria-label={`${partName(unit)} works from clock ${unit.start[0]} to ${unit.end[unit.end.length - 1]}`}
            >
              <path class="work" d={stretches(unit)} />
              {job !== null && (
                <rect
                  class="now"
                  x={unit.start[job]}
                  width={Math.max(clocks / 400, unit.end[job] - unit.start[job])}
                  height={10}
                />
              )}
            </svg>
          </div>
        );
      })}
      <figcaption>
        One prompt alone: {clocks} clocks from the first input spike to the last output sum. The marks follow the token
        and time step selected above. Attention waits for the last token.
      </figcaption>
    </figure>
  );
}

const placeOf = ({ name, kind, block }: ScheduledUnit): Place =>
  kind === "attention" ? { kind: "head", block: block!, head: 0 } : { kind: "layer", layer: name };

/** One stretch for jobs without a break between them. */
function stretches({ start, end }: ScheduledUnit): string {
  let path = "";
  for (let i = 0; i < start.length; ) {
    const from = start[i];
    while (i + 1 < start.length && start[i + 1] === end[i]) i++;
    path += `M${from} 1h${end[i] - from}v8H${from}z`;
    i++;
  }
  return path;
}
