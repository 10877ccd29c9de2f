import { chip } from "../state/studio.ts";
import { goTo, STOPS } from "../state/walk.ts";

/** Starts the walk. Until there is a chip, the button keeps its place. */
export function WalkButton() {
  return (
    <button type="button" class="first" onClick={() => goTo(0)} disabled={!chip.value}>
      Take the walk: {STOPS.length} stops
    </button>
  );
}
