// Early exit: stopping rules on the logits received so far, and the choice of a threshold with a guarantee.
//
// For each prompt, after t + 1 steps: `margins[t]` is the largest mean logit minus the second largest, `decisions[t]` is the class of the
// largest, and `wrong[t]` is the error from 0 to 1.

/** The step at which the margin first reaches the threshold, or the last step. */
export function stepsByMargin({ margins }, threshold) {
  const at = margins.findIndex((margin) => margin >= threshold);
  return at < 0 ? margins.length : at + 1;
}

/** The step at which two consecutive decisions first agree, or the last step. */
export function stepsByAgreement({ decisions }) {
  const at = decisions.findIndex((decision, t) => t > 0 && decision === decisions[t - 1]);
  return at < 0 ? decisions.length : at + 1;
}

/** Results of a rule: mean steps, distribution over 1 .. T, error rate, and the share of prompts answered worse than after all steps. */
export function outcome(prompts, stepsOf) {
  const longest = prompts[0].wrong.length;
  const distribution = new Array(longest).fill(0);
  let [wrong, worse] = [0, 0];
  for (const prompt of prompts) {
    const steps = stepsOf(prompt);
    distribution[steps - 1] += 1 / prompts.length;
    wrong += prompt.wrong[steps - 1];
    worse += prompt.wrong[steps - 1] > prompt.wrong[longest - 1] ? 1 : 0;
  }
  const meanSteps = distribution.reduce((sum, share, t) => sum + share * (t + 1), 0);
  return { meanSteps, distribution, rate: wrong / prompts.length, worse: worse / prompts.length };
}

/**
 * Upper end of a one-sided interval for a probability, given `count` of `trials` (Clopper and Pearson, Biometrika 26, 1934): the p at
 * which `count` or fewer are observed with probability delta.
 */
export function upperBound(count, trials, delta) {
  if (count >= trials) return 1;
  let [low, high] = [count / trials, 1];
  for (let i = 0; i < 60; i++) {
    const p = (low + high) / 2;
    if (tail(count, trials, p) > delta) low = p;
    else high = p;
  }
  return high;
}

/** P(X <= count) for X ~ Binomial(trials, p), 0 < p < 1. */
function tail(count, trials, p) {
  let term = trials * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= count; k++) {
    sum += Math.exp(term);
    term += Math.log((trials - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}

/**
 * The smallest threshold in a descending list for which, with probability 1 - delta over the validation prompts, at most a share alpha of
 * prompts is answered worse than after all steps. The error rate then grows by at most alpha. Null if no threshold qualifies.
 *
 * Thresholds are tested in order until the first fails, so each test may use the whole delta (fixed-sequence testing in Angelopoulos,
 * Bates, Candes, Jordan and Lei, "Learn then Test", arXiv 2110.01052). The list must not depend on the prompts.
 */
export function chooseThreshold(prompts, thresholds, { alpha, delta }) {
  let chosen = null;
  for (const threshold of thresholds) {
    const { worse } = outcome(prompts, (prompt) => stepsByMargin(prompt, threshold));
    if (upperBound(Math.round(worse * prompts.length), prompts.length, delta) > alpha) break;
    chosen = threshold;
  }
  return chosen;
}
