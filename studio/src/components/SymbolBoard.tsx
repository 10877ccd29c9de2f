import { ownSymbol } from "../state/studio.ts";
import { className } from "../words.ts";
import type { PromptView } from "../workers/chip.ts";
import "./symbol.css";

/** What is sent at the query: a switch per bit, antenna by antenna. Channel, pilots and noise of the prompt stay. */
export function SymbolBoard({ view, antennas }: { view: PromptView; antennas: number }) {
  const sent = className(view.label!, view);
  const bits = [...sent];
  const each = bits.length / antennas;
  const flip = (at: number) => () => {
    ownSymbol.value = view.label! ^ (1 << (bits.length - 1 - at));
  };
  return (
    <div class="send" data-unsaved>
      <span id="send">Send other bits:</span>
      {Array.from({ length: antennas }, (_, antenna) => (
        <span key={antenna} class="send-antenna">
          antenna {antenna + 1}
          {bits.slice(antenna * each, (antenna + 1) * each).map((bit, i) => (
            <button
              type="button"
              key={i}
              aria-pressed={bit === "1"}
              aria-label={`Bit ${i + 1} of antenna ${antenna + 1}: ${bit}`}
              onClick={flip(antenna * each + i)}
            >
              {bit}
            </button>
          ))}
        </span>
      ))}
      <button
        type="button"
        disabled={ownSymbol.value === null}
        onClick={() => {
          ownSymbol.value = null;
        }}
      >
        as drawn
      </button>
    </div>
  );
}
