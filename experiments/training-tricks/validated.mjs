// Training with validation at the end.
import { train } from "xpikeformer";

/** The network from `train`, its last validation, and the CPU time of all threads. */
export async function trainValidated(subject, options) {
  let validation;
  const start = process.cpuUsage();
  const { network } = await train(subject, {
    ...options,
    onStep: (event) => {
      validation = event.validation ?? validation;
    },
  });
  const { user, system } = process.cpuUsage(start);
  return { network, validation, cpuSeconds: (user + system) / 1e6 };
}
