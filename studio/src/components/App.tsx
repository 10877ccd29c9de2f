import { addressed } from "../state/link.ts";
import { metrics } from "../state/served.ts";
import { experiment, openedReport } from "../state/studio.ts";
import { stopIndex } from "../state/walk.ts";
import { Answer } from "./Answer.tsx";
import { Cards } from "./Cards.tsx";
import { Knobs } from "./Knobs.tsx";
import { later } from "./later.tsx";
import { Machine } from "./Machine.tsx";
import { Notice } from "./Notice.tsx";
import { Overview } from "./Overview.tsx";
import { PromptFigure } from "./PromptFigure.tsx";
import { Reading } from "./Reading.tsx";
import { Share } from "./Share.tsx";
import { Tabs } from "./Tabs.tsx";
import { Train } from "./Train.tsx";

/** Scrolls to a heading and moves the keyboard focus there. The address holds the view, so it cannot hold an anchor. */
function show(id: string): void {
  const heading = document.getElementById(id);
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}

// What the first screen does not show is loaded when it is wanted.
const OpenedReport = later(() => import("./OpenedReport.tsx").then((file) => file.OpenedReport));
const TrainingCurve = later(() => import("./TrainingCurve.tsx").then((file) => file.TrainingCurve));
const Walk = later(() => import("./Walk.tsx").then((file) => file.Walk));
const Embed = later(() => import("./Embed.tsx").then((file) => file.Embed));

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
            A trained spiking transformer on a simulated analog chip, computed entirely in this page.{" "}
            <Reading about="idea" />
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
        {metrics.value.length > 0 && <TrainingCurve />}
        {openedReport.value && <OpenedReport />}
        <Machine />
        <Train />
      </main>
      {stopIndex.value !== null && <Walk />}
    </>
  );
}
