import { chip, experiment } from "../state/studio.ts";
import { goTo, STOPS } from "../state/walk.ts";

/** Starts the walk, which is about the link: other tasks have no pilots. */
export function WalkButton() {
  const isLink = (experiment.value?.task.kind ?? "symbol-detection") === "symbol-detection";
  // Until there is a chip, the button keeps its place.
  if (!isLink) return null;
  return (
    <button type="button" class="first" onClick={() => goTo(0)} disabled={!chip.value}>
      Take the walk: {STOPS.length} stops
    </button>
  );
}
