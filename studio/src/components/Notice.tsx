import { show } from "../state/knobs.ts";
import { experiment, failure, lastGood, threads, touched } from "../state/studio.ts";

/** An error that no knob caused, and a note where the page runs slower than it could. */
export function Notice() {
  const note = threads.value?.note;
  return (
    <>
      {touched.value === null && <Failure />}
      {note && <p class="notice">{note}</p>}
    </>
  );
}

/** The newest error, with its way out. */
export function Failure() {
  const error = failure.value;
  if (!error) return null;
  return (
    <div class="notice failed" role="alert">
      {error.path && <strong>{error.path}: </strong>}
      {error.message}
      {lastGood.value && lastGood.value !== experiment.value && (
        <button type="button" onClick={() => show(lastGood.value!)}>
          Undo the change
        </button>
      )}
    </div>
  );
}
