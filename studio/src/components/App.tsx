import { addressed } from "../state/link.ts";
import { ARTICLE } from "../state/reading.ts";
import { experiment } from "../state/studio.ts";
import { Answer } from "./Answer.tsx";
import { Cards } from "./Cards.tsx";
import { Embed } from "./Embed.tsx";
import { Knobs } from "./Knobs.tsx";
import { Machine } from "./Machine.tsx";
import { Notice } from "./Notice.tsx";
import { OpenedReport } from "./OpenedReport.tsx";
import { Overview } from "./Overview.tsx";
import { PromptFigure } from "./PromptFigure.tsx";
import { ReadOn } from "./ReadOn.tsx";
import { Share } from "./Share.tsx";
import { Tabs } from "./Tabs.tsx";
import { Train } from "./Train.tsx";
import { TrainingCurve } from "./TrainingCurve.tsx";
import { Walk } from "./Walk.tsx";

/** Scrolls to a heading and moves the keyboard focus there. The address holds the view, so it cannot hold an anchor. */
function show(id: string): void {
  const heading = document.getElementById(id);
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}

/** The page, or one figure of it in a frame. */
export function App() {
  return addressed.value.embedded ? <Embed /> : <Studio />;
}

/** The page: the answer first, then how the chip finds it. */
function Studio() {
  return (
    <>
      <button type="button" class="skip" onClick={() => show("machine")}>
        Skip to the machine
      </button>
      <header>
        <div class="top">
          <h1>Xpikeformer studio{experiment.value && ` · ${experiment.value.name}`}</h1>
          <p class="quiet">
            A trained spiking transformer on a simulated analog chip, computed entirely in this page.
            <ReadOn reading={ARTICLE} />
          </p>
          <Share onTrain={() => show("train")} />
        </div>
        <Tabs />
        <Answer />
        <Overview />
      </header>
      <main>
        <Notice />
        <div class="lead">
          <PromptFigure />
          <Cards />
          <Knobs />
        </div>
        <TrainingCurve />
        <OpenedReport />
        <Machine />
        <Train />
      </main>
      <Walk />
    </>
  );
}
