// When to stop: rules on the logits that have come in so far, and the choice of a threshold that keeps a promise.
//
// Of a prompt, `margins[t]` is the largest minus the second largest mean logit after t + 1 steps, `decisions[t]` the class of the largest, and
// `wrong[t]` how wrong it is, from 0 to 1.

/** Steps after which the margin reaches the threshold; all of them where it never does. */
export function stepsByMargin({ margins }, threshold) {
  const at = margins.findIndex((margin) => margin >= threshold);
  return at < 0 ? margins.length : at + 1;
}

/** Steps after which the last two answers are the same. */
export function stepsByAgreement({ decisions }) {
  const at = decisions.findIndex((decision, t) => t > 0 && decision === decisions[t - 1]);
  return at < 0 ? decisions.length : at + 1;
}

/** What a rule comes to: mean steps and how many prompts took 1 .. T, error rate, and the share of prompts that it made worse than all steps. */
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
 * Upper end of a one-sided interval for a probability, from `count` of `trials` (Clopper and Pearson, Biometrika 26, 1934): the p at which so few
 * would be seen with probability delta.
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
 * The smallest threshold of a falling list that may be used such that, with probability 1 - delta over the validation prompts, at most a share
 * alpha of prompts is answered worse than after all steps; so the error rate grows by at most alpha. Null where none may.
 *
 * Thresholds are tested in their order, and the first that fails ends it: each test may then have the whole delta (fixed-sequence testing in
 * Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test", arXiv 2110.01052). The list must not depend on the prompts.
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
