/** The workers that every page needs. They start before the page's own script is there, because each loads and compiles as much. */
import { callerOf } from "../workers/calls.ts";
import type { ChipFunctions } from "../workers/chip.ts";
import type { EvaluationFunctions } from "../workers/evaluation.ts";

export const evaluationWorker = callerOf<EvaluationFunctions>(
  new Worker(new URL("../workers/evaluation.ts", import.meta.url), { type: "module" }),
);
export const chipWorker = callerOf<ChipFunctions>(
  new Worker(new URL("../workers/chip.ts", import.meta.url), { type: "module" }),
);
