import { Answer } from "./Answer.tsx";
import { Cards } from "./Cards.tsx";
import { Notice } from "./Notice.tsx";
import { PromptFigure } from "./PromptFigure.tsx";
import { Spikes } from "./Spikes.tsx";

/** The page: the answer first, then how the chip comes to it. */
export function App() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the machine
      </a>
      <header>
        <h1>Xpikeformer studio</h1>
        <Answer />
      </header>
      <main id="main">
        <Notice />
        <div class="lead">
          <PromptFigure />
          <Cards />
        </div>
        <Spikes />
      </main>
    </>
  );
}
