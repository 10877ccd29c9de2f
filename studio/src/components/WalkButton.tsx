import { chip, experiment } from "../state/studio.ts";
import { goTo, STOPS } from "../state/walk.ts";

/** Begins the walk, which is about the link: other tasks have no pilots. */
export function WalkButton() {
  const isLink = (experiment.value?.task.kind ?? "symbol-detection") === "symbol-detection";
  // Its place is kept while there is no chip yet.
  if (!isLink) return null;
  return (
    <button type="button" class="first" onClick={() => goTo(0)} disabled={!chip.value}>
      Take the walk: {STOPS.length} stops
    </button>
  );
}
