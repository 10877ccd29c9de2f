import type { ComponentChildren } from "preact";
import { show } from "../state/knobs.ts";
import { failure, threads, touched, wayBack } from "../state/studio.ts";
import type { Failure as FailureOf } from "../workers/calls.ts";

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

/** An error, next to what failed. */
export function Failed({ failure, children }: { readonly failure: FailureOf; readonly children?: ComponentChildren }) {
  return (
    <div class="notice failed" role="alert">
      {failure.path && <strong>{failure.path}: </strong>}
      {failure.message}
      {children}
    </div>
  );
}

/** The newest error, with its way out. */
export function Failure() {
  const error = failure.value;
  if (!error) return null;
  return (
    <Failed failure={error}>
      {wayBack.value && (
        <button type="button" onClick={() => show(wayBack.value!)}>
          Undo the change
        </button>
      )}
    </Failed>
  );
}
