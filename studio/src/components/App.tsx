import { Answer } from "./Answer.tsx";
import { Cards } from "./Cards.tsx";
import { Knobs } from "./Knobs.tsx";
import { Machine } from "./Machine.tsx";
import { Notice } from "./Notice.tsx";
import { PromptFigure } from "./PromptFigure.tsx";

/** The page: the answer first, then how the chip comes to it. */
export function App() {
  return (
    <>
      <a class="skip" href="#machine">
        Skip to the machine
      </a>
      <header>
        <h1>Xpikeformer studio</h1>
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
        <Machine />
      </main>
    </>
  );
}
