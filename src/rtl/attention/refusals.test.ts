import { expect, test } from "vitest";
import { smallAttention } from "../../../test/support/attention-engines.ts";
import type { AttentionKind } from "../../experiment/attention.ts";
import { ATTENTION_PARTS } from "../../experiment/by-attention.ts";
import { checkModules } from "../check.ts";

const size = { tokens: 4, dimension: 4, mask: "causal" } as const;
const GENERATED: readonly AttentionKind[] = ["lif", "sdsa-1", "qk-channel", "binary-map"];
const kinds = Object.keys(ATTENTION_PARTS) as AttentionKind[];

test.each(kinds)("%s attention has an engine whose signals are right, or a reason and a way out", (kind) => {
  const make = () => smallAttention({ ...size, attention: { kind } });
  if (GENERATED.includes(kind)) {
    const { modules } = make();
    expect(modules.at(-1)?.name).toBe("attention_engine");
    checkModules(modules);
    return;
  }
  expect(make).toThrow(/Use "stochastic", "lif", "binary-map", "sdsa-1" or "qk-channel" attention/);
  expect(make).toThrow(expect.objectContaining({ path: "model.attention.kind" }));
});

test("an engine for a single token or feature is refused", () => {
  for (const small of [{ tokens: 1 }, { dimension: 1 }]) {
    expect(() => smallAttention({ ...size, ...small, attention: { kind: "sdsa-1" } })).toThrow(/at least two tokens/);
  }
});

test("membranes that are no whole numbers are refused with the field that allows them", () => {
  const neuron = { reset: "soft", threshold: 0.3 };
  expect(() => smallAttention({ ...size, attention: { kind: "sdsa-1" }, neuron, arithmetic: null })).toThrow(
    expect.objectContaining({ path: "hardware.arithmetic" }),
  );
});
