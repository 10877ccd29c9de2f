// Wrong answers of one network on several machines, on the same chips, reads and prompts.
import { isXpikeError, mean, runStudy, standardError } from "xpikeformer";

/**
 * Of each prompt, the share of wrong answers over all chips; or the path of the field for which the machine is refused.
 *
 * @param asked `{ chips, prompts, bits }`, bits that one prompt asks for
 */
export async function wrongShares(executor, opened, network, hardware, { chips, prompts, bits }) {
  try {
    const options = { chips, reads: 1, prompts };
    const [{ wrong }] = await runStudy(executor, opened, { network }, [{ network: "network", hardware }], options);
    const counts = wrong[0].values;
    return Array.from({ length: prompts }, (_, prompt) => {
      let sum = 0;
      for (let chip = 0; chip < chips; chip++) sum += counts[chip * prompts + prompt];
      return sum / (bits * chips);
    });
  } catch (error) {
    if (isXpikeError(error)) return error.path;
    throw error;
  }
}

/** A prompt is a cluster; differences are taken prompt by prompt. */
export function summary(shares, reference) {
  const changes = shares.map((share, prompt) => share - reference[prompt]);
  return {
    rate: { mean: mean(shares), error: standardError(shares) },
    change: { mean: mean(changes), error: standardError(changes) },
  };
}
