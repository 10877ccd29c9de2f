/**
 * Shows the progress of a long command on standard error: a line that is redrawn on a screen, a line every ten seconds in a log file,
 * nothing with `--json`.
 */
import type { Terminal } from "./terminal.ts";

export interface Progress {
  /** `done` of the total so far; `note` adds news, such as the loss. */
  update(done: number, note?: string): void;
  /** Excludes `count` further units from the rate: an earlier run has done them. */
  restore(count: number): void;
  /** Leaves a last line with the time taken. */
  end(): void;
}

const SCREEN_INTERVAL = 100;
const LOG_INTERVAL = 10_000;
const BAR = 24;

/** `unit` is what is counted, in the plural: `prompts`, `steps`. */
export function startProgress(
  terminal: Terminal,
  options: { label: string; total: number; unit: string; quiet?: boolean },
): Progress {
  const { label, total, unit, quiet = false } = options;
  let from = 0;
  if (quiet) return { update: () => {}, restore: () => {}, end: () => {} };
  const { interactive, columns } = terminal;
  const start = terminal.now();
  // On a screen the first line appears at once; in a log only after an interval.
  let last = interactive ? Number.NEGATIVE_INFINITY : start;
  let [done, note] = [0, ""];

  const show = (text: string, final: boolean): void => {
    // On a screen: back to the first column, the line, and erase what a longer line left behind.
    terminal.err(interactive ? `\r${text.slice(0, columns - 1)}\u001b[K${final ? "\n" : ""}` : `${text}\n`);
  };

  return {
    update(count, text = note) {
      [done, note] = [count, text];
      const now = terminal.now();
      if (now - last < (interactive ? SCREEN_INTERVAL : LOG_INTERVAL)) return;
      last = now;
      const state = { label, done, total, unit, from, elapsed: (now - start) / 1000, note };
      const line = progressLine(state);
      // News takes precedence over the bar.
      show(interactive && line.length >= columns ? progressLine({ ...state, bar: 0 }) : line, false);
    },
    restore(count) {
      from += count;
    },
    end() {
      const time = formatTime((terminal.now() - start) / 1000);
      show(`${label} · ${Math.max(0, done - from)} ${unit} in ${time}${note && ` · ${note}`}`, true);
    },
  };
}

/** `train  ━━━━━━──────  25 %  1000 of 4000 steps · 33.3 a second · 1 min 30 s left · loss 0.51`. */
export function progressLine(state: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly elapsed: number;
  readonly note: string;
  readonly from?: number;
  readonly bar?: number;
}): string {
  const { label, done, total, unit, elapsed, note, from = 0, bar: width = BAR } = state;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * width);
  const bar = "━".repeat(filled) + "─".repeat(width - filled);
  const parts = [
    `${label} ${bar && `${bar} `}${String(Math.floor(100 * share)).padStart(3)} %  ${done} of ${total} ${unit}`,
  ];
  // A rate from less than a second is noise.
  if (done > from && elapsed >= 1) {
    const rate = (done - from) / elapsed;
    parts.push(
      `${rate < 1000 ? rate.toPrecision(3) : Math.round(rate)} a second`,
      `${formatTime(Math.max(0, total - done) / rate)} left`,
    );
  }
  if (note) parts.push(note);
  return parts.join(" · ");
}

/** `0.8 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatTime(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
