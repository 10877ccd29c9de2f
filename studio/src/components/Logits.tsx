import { shownStep } from "../state/studio.ts";
import { className } from "../words.ts";
import type { PromptView } from "../workers/chip.ts";

const [WIDTH, ROW] = [200, 12.5];
/** Answers with a bar; of more, those with the largest logits. */
const MOST = 16;

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly kind: "decided" | "sent" | "";
}

/** The logits so far, averaged over the time steps (rate decoding): of each class, or of each bit of a bit read-out. */
export function Logits({ view }: { view: PromptView }) {
  const { logits, classes, decisions } = view;
  const at = Math.min(shownStep.value, decisions.length - 1);
  const outputs = logits.length / decisions.length;
  const values = logits.subarray(at * outputs, (at + 1) * outputs);
  const bars = outputs === classes ? classBars(view, values, at) : bitBars(view, values, at);
  const of = outputs !== classes ? "bit" : classes > MOST ? `of ${MOST} answers of ${classes}` : "answer";
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const left = view.image ? 62 : 8 + 7 * Math.max(...bars.map(({ name }) => name.length));
  const x = (value: number) => left + ((WIDTH - left - 4) * (value - low)) / (high - low || 1);
  return (
    <div class="panel answers">
      <p class="panel-name">
        logit of each {of}, after step {at + 1}
      </p>
      <svg
        viewBox={`0 0 ${WIDTH} ${ROW * bars.length}`}
        class="logits"
        role="img"
        aria-label={`Logits after step ${at + 1}; the decision is ${className(decisions[at], view)}`}
      >
        {bars.map(({ name, value, kind }, row) => (
          <g key={name} class={kind}>
            <text x={0} y={ROW * (row + 0.78)}>
              {name}
            </text>
            <rect
              x={Math.min(x(0), x(value))}
              y={ROW * row + 1.5}
              width={Math.max(0.5, Math.abs(x(value) - x(0)))}
              height={ROW - 3}
            />
          </g>
        ))}
      </svg>
    </div>
  );
}

/** The largest classes, and the right one, in their order. */
function classBars(view: PromptView, values: Float32Array, at: number): readonly Bar[] {
  const { decisions, label: right } = view;
  const largest = Array.from(values, (_, label) => label).sort((a, b) => values[b] - values[a]);
  const known = right === null ? [] : [right];
  const shown = [...new Set([decisions[at], ...known, ...largest])].slice(0, MOST).sort((a, b) => a - b);
  return shown.map((label) => ({
    name: className(label, view),
    value: values[label],
    kind: label === decisions[at] ? "decided" : label === right ? "sent" : "",
  }));
}

/** Each bit, which is 1 if its logit is above 0; a wrong one is not coloured. */
function bitBars({ decisions, label }: PromptView, values: Float32Array, at: number): readonly Bar[] {
  const bitOf = (of: number, bit: number) => (of >> (values.length - 1 - bit)) & 1;
  return Array.from(values, (value, bit) => {
    const decided = bitOf(decisions[at], bit);
    const isRight = label === null || decided === bitOf(label, bit);
    return { name: `bit ${bit + 1}: ${decided}`, value, kind: isRight ? "decided" : "sent" };
  });
}
