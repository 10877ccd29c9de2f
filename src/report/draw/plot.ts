/**
 * Observable Plot, and linkedom's document without a browser, as far as charts use them. In the built package this one file holds
 * both with all that they need, so that neither is installed (`bundle` in scripts/build.mjs); their licences are next to it.
 */
export {
  axisX,
  axisY,
  cell,
  dot,
  frame,
  gridX,
  gridY,
  line,
  type Markish,
  type PlotOptions,
  plot,
  type RenderFunction,
  rect,
  ruleX,
  ruleY,
  type ScaleFunctions,
  type ScaleOptions,
  text,
} from "@observablehq/plot";
