import { useEffect, useRef } from "preact/hooks";
import { goTo, STOPS, stopIndex } from "../state/walk.ts";

/** The walk: the text of a stop at the foot of the page, while the machine above shows its subject. */
export function Walk() {
  const index = stopIndex.value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (index === null) return;
    heading.current?.focus({ preventScroll: true });
    document.querySelector(STOPS[index].at)?.scrollIntoView({ block: "start" });
  }, [index]);
  if (index === null) return null;
  const { title, text } = STOPS[index];
  const isLast = index === STOPS.length - 1;
  return (
    <aside class="walk" aria-label="A walk through the machine">
      <div>
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <p>{text}</p>
        <div class="stepper">
          <button type="button" onClick={() => goTo(index - 1)} disabled={index === 0}>
            Back
          </button>
          <button type="button" onClick={() => goTo(isLast ? null : index + 1)}>
            {isLast ? "Done" : "Next"}
          </button>
          <span class="quiet">
            {index + 1} of {STOPS.length}
          </span>
          <button type="button" class="link" onClick={() => goTo(null)}>
            End the walk
          </button>
        </div>
      </div>
    </aside>
  );
}
