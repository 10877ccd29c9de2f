/**
 * Attention of all blocks by column counters, in token-major order: the engine, the buffers on both sides, and the control that starts it.
 *
 * Tokens stay vectors on their way: no buffer transposes them. The engine names the token that it counts and the one that it gates, so
 * q, k and v are read at two places at a time.
 */
import { unused } from "../encoder.ts";
import { STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { ATTENTION_UNIT, attentionPorts, startItems } from "./attention-unit.ts";
import type { TokenEngine } from "./engine.ts";
import { ATTENTION_BUFFER, QKV_BUFFER } from "./memories.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import type { MachinePlan } from "./plan.ts";

export function attentionByToken(plan: MachinePlan, engine: TokenEngine): sv.Module {
  const { tokens, steps, heads, width, depth } = plan;
  const { counters, parts } = engine;
  const { clocks } = counters;
  const ports = attentionPorts(plan, engine);
  const [tokenBits, stepBits] = [indexBits(tokens), indexBits(steps)];
  const declared = [
    sv.logic(tokenBits, "token_q"),
    sv.logic(stepBits, "token_step_q"),
    sv.logic(indexBits(depth), "block_q"),
  ];
  const start = startItems(plan, sv.signals(ports, declared));
  const wires = [
    sv.logic(1, "busy", "counts", "gates", "valid", "last"),
    sv.logic(tokenBits, "count_token", "gate_token", "out_token"),
    sv.logic(STEP_BITS, "count_step", "gate_step", "out_step"),
    ...parts.map((part) => sv.logic(width, part)),
    sv.logic(width, "column"),
  ];
  const s = sv.signals<string, string>(ports, [...declared, ...wires]);
  const low = (step: sv.Signal) => (stepBits === STEP_BITS ? step : sv.slice(step, stepBits - 1, 0));
  const high = (step: sv.Signal) => sv.slice(step, STEP_BITS - 1, stepBits);
  return {
    name: ATTENTION_UNIT,
    header: [
      `Attention of ${depth} blocks, one after another: ${heads} heads of ${counters.dimension} features, ${tokens} tokens, ${steps} steps.`,
      `${parts.join(", ")} arrive token by token, all steps of a token in succession, a vector in each clock of write_i, ${parts[0]} in the low bits. The engine starts with the last ` +
        `token's first vector${start.wait > 0 ? `, at most ${start.wait} clocks later, so no vector arrives too late` : ""}. It draws nothing: seeds are ignored.`,
      `Latency: vectors at step t can be read at vector_o from ${clocks.step} (t + 1) + ${clocks.drain + 1} clocks after the engine's first clock on; delivered_o is 1 ` +
        "in the clock before, and delivered_block_o names its block.",
    ],
    ports,
    items: [
      ...declared,
      ...start.items,
      ...wires,
      sv.gap,
      sv.instance(QKV_BUFFER, "u_qkv", {
        clk_i: s.clk_i,
        write_i: s.write_i,
        token_i: s.token_q,
        token_step_i: s.token_step_q,
        spikes_i: s.spikes_i,
        count_token_i: s.count_token,
        count_step_i: low(s.count_step),
        gate_token_i: s.gate_token,
        gate_step_i: low(s.gate_step),
        ...Object.fromEntries(parts.map((part) => [`${part}_o`, s[part]])),
      }),
      sv.instance(engine.name, "u_engine", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        start_i: start.start,
        steps_i: sv.sized(STEP_BITS, steps),
        ...Object.fromEntries(parts.map((part) => [`${part}_i`, s[part]])),
        busy_o: s.busy,
        count_o: s.counts,
        count_token_o: s.count_token,
        count_step_o: s.count_step,
        gate_o: s.gates,
        gate_token_o: s.gate_token,
        gate_step_o: s.gate_step,
        valid_o: s.valid,
        last_o: s.last,
        token_o: s.out_token,
        step_o: s.out_step,
        spike_o: s.column,
      }),
      sv.instance(ATTENTION_BUFFER, "u_attention", {
        clk_i: s.clk_i,
        write_i: s.valid,
        token_i: s.out_token,
        step_i: low(s.out_step),
        spikes_i: s.column,
        address_i: s.address_i,
        vector_o: s.vector_o,
      }),
      sv.wire(s.delivered_o, both(s.valid, s.last)),
      sv.wire(s.delivered_block_o, s.block_q),
      sv.gap,
      sv.registers(sv.cleared(s.token_q, s.token_step_q, s.block_q), [
        sv.when(s.write_i, [
          countUp(s.token_step_q, steps),
          sv.when(isAt(s.token_step_q, steps - 1), [countUp(s.token_q, tokens)]),
        ]),
        sv.when(both(s.valid, s.last, isAt(s.out_step, steps - 1)), [countUp(s.block_q, depth)]),
      ]),
      ...unused("seeds", sv.concat(s.seed_write_i, s.seed_address_i, s.seed_data_i)),
      ...unused(
        "takes",
        sv.concat(
          s.counts,
          s.gates,
          ...(stepBits === STEP_BITS ? [] : [high(s.count_step), high(s.gate_step), high(s.out_step)]),
        ),
      ),
      sv.simulation(
        sv.registers(
          [],
          [
            sv.assert(
              sv.binary(sv.isFalse(start.start), "||", sv.isFalse(s.busy)),
              "attention starts while it is busy",
            ),
          ],
        ),
      ),
    ],
  };
}

/** Takes q, k and v token by token, and outputs two tokens at a time: the parts to be counted of one, and the gated part of another. */
export function tokenBuffer({ tokens, steps, width }: MachinePlan, { parts, counters }: TokenEngine): sv.Module {
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("token_i", indexBits(tokens)),
    sv.input("token_step_i", indexBits(steps)),
    sv.input("spikes_i", parts.length * width),
    ...(["count", "gate"] as const).flatMap((of) => [
      sv.input(`${of}_token_i`, indexBits(tokens)),
      sv.input(`${of}_step_i`, indexBits(steps)),
    ]),
    ...parts.map((part) => sv.output(`${part}_o`, width)),
  ];
  const declared = parts.map((part) => sv.memory(width, `${part}_vectors`, tokens * steps));
  const s = sv.signals<string, string>(ports, declared);
  const at = (token: sv.Signal, step: sv.Signal) => vectorAddress(steps, token, step);
  const readBy = (part: (typeof parts)[number]) => (part === counters.gated ? "gate" : "count");
  return {
    name: QKV_BUFFER,
    header: [
      `${parts.join(", ")} of ${tokens} tokens and ${steps} steps. A word is the vector of a token at a step, at step + steps * token; ${counters.counted.join(" and ")} are read at count_token_i and ` +
        `count_step_i, ${counters.gated} at gate_token_i and gate_step_i.`,
      "Latency: outputs belong to the addresses of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.clocked(
        sv.when(
          s.write_i,
          parts.map((part, n) =>
            sv.set(
              sv.bit(s[`${part}_vectors`], at(s.token_i, s.token_step_i)),
              sv.slice(s.spikes_i, (n + 1) * width - 1, n * width),
            ),
          ),
        ),
      ),
      ...parts.map((part) =>
        sv.wire(
          s[`${part}_o`],
          sv.bit(s[`${part}_vectors`], at(s[`${readBy(part)}_token_i`], s[`${readBy(part)}_step_i`])),
        ),
      ),
    ],
  };
}

/** Takes the vector of a token from the engine, and outputs that of another. */
export function vectorBuffer({ tokens, steps, width }: MachinePlan): sv.Module {
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("token_i", indexBits(tokens)),
    sv.input("step_i", indexBits(steps)),
    sv.input("spikes_i", width),
    sv.input("address_i", indexBits(tokens * steps)),
    sv.output("vector_o", width),
  ];
  const declared = [sv.memory(width, "vectors", tokens * steps)];
  const s = sv.signals(ports, declared);
  return {
    name: ATTENTION_BUFFER,
    header: [
      `Output of attention for ${tokens} tokens and ${steps} steps. A word is the vector of a token at a step, at step + steps * token.`,
      "Latency: vector_o belongs to address_i of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.clocked(
        sv.when(s.write_i, [sv.set(sv.bit(s.vectors, vectorAddress(steps, s.token_i, s.step_i)), s.spikes_i)]),
      ),
      sv.wire(s.vector_o, sv.bit(s.vectors, s.address_i)),
    ],
  };
}

const vectorAddress = (steps: number, token: sv.Signal, step: sv.Signal): sv.Expression =>
  sv.binary(sv.binary(sv.decimal(steps), "*", sv.widen(token, token.width!, 32)), "+", sv.widen(step, step.width!, 32));
