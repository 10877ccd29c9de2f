import { useEffect, useId, useState } from "preact/hooks";

interface ScrubberProps {
  readonly label: string;
  readonly value: number;
  /** The largest value; the smallest is 0. */
  readonly most: number;
  readonly onChange: (value: number) => void;
  /** The value in words. Default: its number, counted from 1. */
  readonly said?: string;
  /** Whether it has a Play button. */
  readonly plays?: boolean;
}

/** Milliseconds per value while it plays. */
const PACE = 600;

/** A slider over whole numbers, with its value next to it. */
export function Scrubber({ label, value, most, onChange, said, plays = false }: ScrubberProps) {
  const id = useId();
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => onChange(value === most ? 0 : value + 1), PACE);
    return () => clearTimeout(timer);
  }, [playing, value, most, onChange]);
  const words = said ?? `${value + 1} of ${most + 1}`;
  return (
    <div class="scrubber">
      <label for={id}>{label}</label>
      {plays && (
        <button type="button" class="play" onClick={() => setPlaying(!playing)} aria-pressed={playing}>
          {playing ? "Pause" : "Play"}
        </button>
      )}
      <input
        id={id}
        type="range"
        min={0}
        max={most}
        value={value}
        aria-valuetext={words}
        onInput={({ currentTarget }) => onChange(Number(currentTarget.value))}
      />
      <output for={id}>{words}</output>
    </div>
  );
}
