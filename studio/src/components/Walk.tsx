import { useEffect, useRef } from "preact/hooks";
import { experiment } from "../state/studio.ts";
import { goTo, playOn, STOPS, stopIndex, tries } from "../state/walk.ts";
import { textOf } from "../state/walk-texts.ts";
import "../walk.css";

/** Milliseconds per time step where a stop plays. */
export const PACE = 500;
/** Milliseconds between two looks for what a stop points at, and how often. */
const [LOOK, LOOKS] = [100, 30];

/** Machines to try at the end of the walk. */
export const Tries = () => (
  <div class="tries">
    {tries.value.map(({ name, act }) => (
      <button type="button" key={name} onClick={act}>
        Try {name}
      </button>
    ))}
  </div>
);

/** The walk: the text of a stop at the foot of the page, while the machine above shows its subject. */
export function Walk() {
  const index = stopIndex.value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (index === null) return;
    heading.current?.focus({ preventScroll: true });
    const { at, plays } = STOPS[index];
    const unpoint = pointAt(at);
    const player = plays ? setInterval(() => playOn() || clearInterval(player), PACE) : undefined;
    return () => {
      unpoint();
      clearInterval(player);
    };
  }, [index]);
  useEffect(() => {
    if (index === null) return;
    const onKey = ({ key }: KeyboardEvent) => key === "Escape" && goTo(null);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [index === null]);
  const stop = index === null ? undefined : STOPS[index];
  if (index === null || !stop) return null;
  const isLast = index === STOPS.length - 1;
  return (
    <aside class="walk" aria-label="A walk through the machine">
      <div>
        <h2 ref={heading} tabIndex={-1}>
          {stop.title}
        </h2>
        <p>{textOf(stop, experiment.value!.task.kind)}</p>
        {stop.tries && <Tries />}
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

/** Brings an element into view as soon as it is there, and draws a frame around it. Returns a function that takes the frame away. */
function pointAt(selector: string): () => void {
  let looks = 0;
  let found: Element | null = null;
  const look = () => {
    found = document.querySelector(selector) ?? (looks++ < LOOKS ? null : document.querySelector("#machine"));
    if (!found) return;
    clearInterval(timer);
    found.setAttribute("data-pointed", "");
    found.scrollIntoView({ block: "start" });
  };
  const timer = setInterval(look, LOOK);
  look();
  return () => {
    clearInterval(timer);
    found?.removeAttribute("data-pointed");
  };
}
