// Training with validation at the end.
import { train } from "xpikeformer";

/** The network and state from `train`, its last validation, and the CPU time of all threads. */
export async function trainValidated(subject, options) {
  let validation;
  const start = process.cpuUsage();
  const { network, state } = await train(subject, {
    ...options,
    onStep: (event) => {
      validation = event.validation ?? validation;
    },
  });
  const { user, system } = process.cpuUsage(start);
  return { network, state, validation, cpuSeconds: (user + system) / 1e6 };
}
