import { chip, experiment } from "../state/studio.ts";
import { goTo, STOPS } from "../state/walk.ts";

/** Begins the walk, which is about the link: other tasks have no pilots. */
export function WalkButton() {
  const isLink = experiment.value?.task.kind === "symbol-detection";
  if (!chip.value || !isLink) return null;
  return (
    <button type="button" onClick={() => goTo(0)}>
      Take the walk: {STOPS.length} stops
    </button>
  );
}
