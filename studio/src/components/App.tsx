import { experiment } from "../state/studio.ts";
import { Answer } from "./Answer.tsx";
import { Cards } from "./Cards.tsx";
import { Knobs } from "./Knobs.tsx";
import { Machine } from "./Machine.tsx";
import { Notice } from "./Notice.tsx";
import { OpenedReport } from "./OpenedReport.tsx";
import { Overview } from "./Overview.tsx";
import { PromptFigure } from "./PromptFigure.tsx";
import { Share } from "./Share.tsx";
import { Tabs } from "./Tabs.tsx";
import { Train } from "./Train.tsx";
import { TrainingCurve } from "./TrainingCurve.tsx";
import { Walk } from "./Walk.tsx";

/** Brings a heading into view, and the keyboard to it. The address is taken by what is seen, so it cannot say where. */
function show(id: string): void {
  const heading = document.getElementById(id);
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}

/** The page: the answer first, then how the chip comes to it. */
export function App() {
  return (
    <>
      <button type="button" class="skip" onClick={() => show("machine")}>
        Skip to the machine
      </button>
      <header>
        <div class="top">
          <h1>Xpikeformer studio{experiment.value && ` · ${experiment.value.name}`}</h1>
          <p class="quiet">A trained spiking transformer on a simulated analog chip. All is computed in this page.</p>
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
