import { useState } from "preact/hooks";
import { WAVES, type WaveName, type WavePlace } from "xpikeformer/internal";
import { tilesDrawn } from "../state/place.ts";
import { chip, experiment, prompt } from "../state/studio.ts";
import { type Compared, wanted, waveFailure, wavePlace, waves } from "../state/waves.ts";
import { plural } from "../words.ts";
import { Failed } from "./Notice.tsx";
import { SaveSvg } from "./SaveSvg.tsx";
import { Select } from "./Select.tsx";

/** Signals that are single bits; the others are numbers. */
const BITS: ReadonlySet<WaveName> = new Set([
  ...(["take_o", "query_i", "key_i", "score_q", "value_i", "delayed", "valid_o", "spike_o"] as const),
]);

/** The waveform of one cell of a head's engine on the prompt shown, clock by clock. */
export function WavePanel() {
  const at = wavePlace.value!;
  const { depth, heads } = chip.value!.model;
  const { tokens } = tilesDrawn(chip.value!.mapping)!;
  const choose = (field: keyof WavePlace, label: string, count: number) => (
    <Select
      label={label}
      value={String(at[field])}
      choices={Array.from({ length: count }, (_, n) => [String(n), String(n + 1)] as const)}
      onChange={(value) => {
        wanted.value = { ...at, [field]: Number(value) };
      }}
    />
  );
  return (
    <>
      <div class="knob-grid">
        {choose("block", "Block", depth)}
        {choose("head", "Head", heads)}
        {choose("query", "Query, a token", tokens)}
        {choose("key", "Key, a token", tokens)}
      </div>
      {waveFailure.value ? (
        <Failed failure={waveFailure.value} />
      ) : waves.value ? (
        <Waveform known={waves.value} />
      ) : (
        <p class="waiting" aria-busy={prompt.value !== null}>
          Running clock by clock …
        </p>
      )}
    </>
  );
}

const [LEFT, ROW, WIDE, VISIBLE] = [104, 24, 17, 48];

function Waveform({ known: { place, waves, simulated } }: { known: Compared }) {
  const { signals, dimension } = waves;
  const clocks = simulated.length;
  const shown = Math.min(VISIBLE, clocks);
  const [cursor, setCursor] = useState(0);
  const [from, setFrom] = useState(0);
  const at = Math.min(cursor, clocks - 1);
  const first = Math.min(from, clocks - shown);
  const move = (to: number) => {
    const next = Math.max(0, Math.min(clocks - 1, to));
    setCursor(next);
    if (next < first) setFrom(next);
    if (next >= first + shown) setFrom(next - shown + 1);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const far = event.shiftKey ? dimension : 1;
    const to = {
      ...{ ArrowLeft: at - far, ArrowRight: at + far, PageUp: at - shown, PageDown: at + shown },
      ...{ Home: 0, End: clocks - 1 },
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  const seen = Array.from({ length: shown }, (_, n) => first + n);
  const compared = Array.from(simulated).flatMap((bit, clock) => (bit < 0 ? [] : [[bit, signals.spike_o[clock]]]));
  const unequal = compared.filter(([bit, spike]) => bit !== spike).length;
  const fired = compared.reduce((sum, [bit]) => sum + bit, 0);
  const height = ROW * (WAVES.length + 2);
  const title = `Block ${place.block + 1}, head ${place.head + 1}, query ${place.query + 1}, key ${place.key + 1}`;
  return (
    <figure data-saves="waveform">
      <SaveSvg
        title={`Waveform: ${title}`}
        data={() => ({ place, clocks: { first: 0, count: clocks }, signals, simulated })}
      />
      <p class="quiet">
        {title}: {clocks} clocks. The simulator has {plural(fired, "spike")} of this query in {compared.length} bits;{" "}
        <span data-unequal={unequal}>
          {unequal === 0 ? "all leave the engine one clock later" : `${plural(unequal, "bit")} differ`}
        </span>
        {experiment.value!.hardware.ssa.random === "lfsr"
          ? "."
          : ". This machine draws ideal random numbers; the RTL draws from shift registers."}
      </p>
      <div
        class="waves"
        role="slider"
        tabIndex={0}
        aria-label="Clock of the waveform. With Shift, arrow keys move by a time step."
        aria-valuemin={0}
        aria-valuemax={clocks - 1}
        aria-valuenow={at}
        onKeyDown={onKeyDown}
      >
        <svg
          width={LEFT + WIDE * shown}
          height={height}
          viewBox={`0 0 ${LEFT + WIDE * shown} ${height}`}
          aria-hidden="true"
          onClick={({ offsetX }) => offsetX >= LEFT && move(first + Math.floor((offsetX - LEFT) / WIDE))}
        >
          <rect class="now" x={LEFT + WIDE * (at - first)} width={WIDE} height={height} />
          <text x={0} y={16}>
            clock
          </text>
          {seen
            .filter((clock) => clock % 8 === 0)
            .map((clock) => (
              <text key={clock} x={LEFT + WIDE * (clock - first + 0.5)} y={16} class="middle">
                {clock}
              </text>
            ))}
          {WAVES.map(([name], row) => (
            <g key={name} transform={`translate(0 ${ROW * (row + 1)})`}>
              <text x={0} y={16}>
                {name}
              </text>
              {BITS.has(name) ? (
                <path class="bit" d={bitPath(seen.map((clock) => signals[name][clock]))} />
              ) : (
                numbers(seen.map((clock) => signals[name][clock]))
              )}
            </g>
          ))}
          <g transform={`translate(0 ${ROW * (WAVES.length + 1)})`} class="simulated">
            <text x={0} y={16}>
              simulator
            </text>
            {seen.flatMap((clock) =>
              simulated[clock] < 0 ? (
                []
              ) : (
                <circle
                  key={clock}
                  class={simulated[clock] ? "fires" : undefined}
                  cx={LEFT + WIDE * (clock - first + 0.5)}
                  cy={12}
                  r={4}
                />
              ),
            )}
          </g>
        </svg>
      </div>
      <table class="wave-values" data-unsaved>
        <thead>
          <tr>
            <th scope="col">Signal</th>
            <th scope="col">Clock {at}</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {WAVES.map(([name, meaning]) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td data-wave={name}>{signals[name][at]}</td>
              <td>{meaning}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">simulator</th>
            <td data-wave="simulator">{simulated[at] < 0 ? "–" : simulated[at]}</td>
            <td>the same bit in the simulated answer</td>
          </tr>
        </tbody>
      </table>
    </figure>
  );
}

/** A line that is high in clocks with a 1. */
const bitPath = (bits: readonly number[]): string =>
  bits.map((bit, n) => `${n ? "V" : `M${LEFT} `}${bit ? 5 : 19}H${LEFT + WIDE * (n + 1)}`).join("");

/** A box for each stretch of one value. */
function numbers(values: readonly number[]) {
  const starts = values.flatMap((value, n) => (n === 0 || values[n - 1] !== value ? [n] : []));
  return starts.map((start, i) => {
    const wide = WIDE * ((starts[i + 1] ?? values.length) - start);
    return (
      <g key={start}>
        <rect class="number" x={LEFT + WIDE * start + 0.5} y={4} width={wide - 1} height={16} />
        <text x={LEFT + WIDE * start + wide / 2} y={16} class="middle">
          {values[start]}
        </text>
      </g>
    );
  });
}
