import { experiment, failure, lastGood, threads } from "../state/studio.ts";

/** An error with its way out, and a note where the page runs slower than it could. */
export function Notice() {
  const error = failure.value;
  const note = threads.value?.note;
  return (
    <>
      {error && (
        <div class="notice failed" role="alert">
          {error.path && <strong>{error.path}: </strong>}
          {error.message}
          {lastGood.value && lastGood.value !== experiment.value && (
            <button
              type="button"
              onClick={() => {
                failure.value = null;
                experiment.value = lastGood.value;
              }}
            >
              Undo the change
            </button>
          )}
        </div>
      )}
      {note && <p class="notice">{note}</p>}
    </>
  );
}
