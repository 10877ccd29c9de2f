import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { FigureName } from "../state/address.ts";
import { addressed, addressNow, isMoved } from "../state/link.ts";
import { chip, experiment, fail, failure, prompt, shownStep } from "../state/studio.ts";
import { playOn, STOPS, type Stop, stopIndex } from "../state/walk.ts";
import { textOf } from "../state/walk-texts.ts";
import { Gantt } from "./Gantt.tsx";
import { KnobGrid } from "./Knobs.tsx";
import { EnergyPanel, Panel, setStep, YearPanel } from "./Machine.tsx";
import { Failure } from "./Notice.tsx";
import { Overview } from "./Overview.tsx";
import { PathBar } from "./PathBar.tsx";
import { Plane } from "./Plane.tsx";
import { PromptFigure } from "./PromptFigure.tsx";
import { SameNumbers } from "./SameNumbers.tsx";
import { Scrubber } from "./Scrubber.tsx";
import { PACE, Tries } from "./Walk.tsx";
import "./embed.css";

/** One figure of the page, with its caption, for a frame in another page. It tells that page its height. */
export function Embed() {
  const { stop: wanted, knobs, show } = addressed.value;
  const stop = stopIndex.value === null ? null : STOPS[stopIndex.value]!;
  const isReady = chip.value !== null && prompt.value !== null && (wanted === null || stop !== null);
  useEffect(() => {
    if (!isReady) return;
    const page = document.documentElement;
    const observer = new ResizeObserver(() => {
      parent.postMessage({ kind: "xpikeformer-studio", height: page.offsetHeight }, "*");
    });
    observer.observe(page);
    return () => observer.disconnect();
  }, [isReady]);
  usePlay(stop);
  const figure = show ?? (stop ? figureAt(stop) : "panel");
  return (
    <main class="embed" data-ready={isReady}>
      <Failure />
      {isReady && <Figure name={figure} />}
      {!isReady && !failure.value && <p class="waiting">Programming a chip …</p>}
      {isReady && knobs && <KnobGrid />}
      {stop && (
        <p class="said">
          <b>{stop.title}.</b> {textOf(stop, experiment.value!.task.kind)}
        </p>
      )}
      {stop?.tries && <Tries />}
      {isReady && <SameNumbers of={figure} />}
      <WayIn />
    </main>
  );
}

/** Counts up the time steps where a stop plays. */
function usePlay(stop: Stop | null): void {
  useEffect(() => {
    if (!stop?.plays) return;
    const player = setInterval(() => playOn() || clearInterval(player), PACE);
    return () => clearInterval(player);
  }, [stop]);
}

/** The figure with the part that a stop points at. */
const figureAt = ({ at }: Stop): FigureName => POINTED[at] ?? "panel";
const POINTED: Readonly<Record<string, FigureName>> = { ".prompt": "prompt", ".logits": "prompt", ".plane": "plane" };

function Figure({ name }: { readonly name: FigureName }) {
  switch (name) {
    case "prompt":
      return <PromptFigure />;
    case "overview":
      return <Overview />;
    case "schedule":
      return <Gantt view={chip.value!} />;
    case "plane":
      return <Plane />;
    case "energy":
      return <EnergyPanel />;
    case "year":
      return <YearPanel />;
    case "panel":
      return (
        <>
          {isMoved.value && <PathBar />}
          <Scrubber
            label="Time step"
            value={shownStep.value}
            most={chip.value!.model.steps - 1}
            onChange={setStep}
            plays
          />
          <Panel />
        </>
      );
  }
}

/** A link that opens the present view in the whole studio. */
function WayIn() {
  const [address, setAddress] = useState(location.href);
  useEffect(
    () =>
      effect(() => {
        if (experiment.value) addressNow().then(setAddress, fail);
      }),
    [],
  );
  return (
    <p class="quiet">
      <a href={address} target="_blank" rel="noopener">
        Open in the studio
      </a>
    </p>
  );
}
