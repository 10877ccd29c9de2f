import { experiment } from "../state/studio.ts";
import { Answer } from "./Answer.tsx";
import { Cards } from "./Cards.tsx";
import { Knobs } from "./Knobs.tsx";
import { Machine } from "./Machine.tsx";
import { Notice } from "./Notice.tsx";
import { OpenedReport } from "./OpenedReport.tsx";
import { PromptFigure } from "./PromptFigure.tsx";
import { Share } from "./Share.tsx";
import { Tabs } from "./Tabs.tsx";
import { TrainingCurve } from "./TrainingCurve.tsx";
import { Walk } from "./Walk.tsx";

/** The page: the answer first, then how the chip comes to it. */
export function App() {
  return (
    <>
      <a class="skip" href="#machine">
        Skip to the machine
      </a>
      <header>
        <div class="top">
          <h1>Xpikeformer studio{experiment.value && ` · ${experiment.value.name}`}</h1>
          <Share />
        </div>
        <Tabs />
        <Answer />
      </header>
      <main>
        <Notice />
        <div class="lead">
          <div>
            <PromptFigure />
            <Knobs />
          </div>
          <Cards />
        </div>
        <TrainingCurve />
        <OpenedReport />
        <Machine />
      </main>
      <Walk />
    </>
  );
}
