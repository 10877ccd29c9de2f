/**
 * The whole machine: layers, attention, the memories between them, and its edge, a stream of vectors in and a stream of answers
 * out.
 *
 * Layers of one kind in different blocks share a port of the stream's memory, and blocks share the engine and its buffers: with
 * a single prompt they never work at the same time.
 */
import { isStraight, lineOrder, type Wiring } from "../../hardware/line-order.ts";
import {
  binary,
  bit,
  CLOCKED,
  clocked,
  comment,
  concat,
  type Expression,
  gap,
  hex,
  type Item,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  registers,
  set,
  sized,
  when,
  wire,
  zeros,
} from "../syntax.ts";
import { totalBits } from "./accumulators.ts";
import { SEED_BITS } from "./attention-unit.ts";
import { DECISION_UNIT, decisionBits, decisionSize } from "./decision-unit.ts";
import { addedOutputs, meetsStream, streamAccess, streamWords } from "./layer-sizes.ts";
import { queueName } from "./memories.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import { embedOf, inputOf, type LayerPlan, type MachinePlan, shortName as short } from "./plan.ts";
import { attentionInTurn, attentionOfBlocks, streamItems, streamPortOf } from "./top-memories.ts";

/** Name of the top module. */
export const MACHINE = "xpike_machine";

/** Bits of an answer: its totals. */
export const answerBits = (plan: MachinePlan): number =>
  plan.layers[plan.layers.length - 1].outputs * totalBits(plan.arithmetic, addedOutputs(plan));

/** Answers per prompt. */
export const answersOf = ({ machine, layers }: MachinePlan): number =>
  machine.shape.meanReadOut ? 1 : layers[layers.length - 1].tokens.length;

/** Answers wait with their decisions. */
export const answerQueue = (plan: MachinePlan) => ({
  width: answerBits(plan) + decisionBits(decisionSize(plan)),
  entries: answersOf(plan),
});

export const windowsName = (layer: LayerPlan): string => `windows_${short(layer)}`;

/** All steps of a token; in step-major order the whole prompt. */
export const inputQueue = ({ layers, steps, tokens, stepMajor }: MachinePlan) => ({
  width: layers[0].inputs,
  entries: stepMajor ? tokens * steps : steps,
  isGuarded: true,
});

/** Whether the head skips tokens. */
export const isFiltered = (plan: MachinePlan): boolean =>
  plan.layers[plan.layers.length - 1].tokens.length < plan.tokens;

/** @param seeds bits of the engine's seeds, of one block */
export function topModule(plan: MachinePlan, seeds: number): Module {
  const { layers, tokens, steps, width, heads, depth, hasStream, arithmetic, stepMajor, wiring } = plan;
  const clockAndReset = { clk_i: name("clk_i"), rst_ni: name("rst_ni") };
  const words = (depth * seeds) / SEED_BITS;
  const vectors = tokens * steps;
  const head = layers[layers.length - 1];
  const first = short(layers[0]);
  const entering = inputOf(plan);
  const firstVectors = layers[0].tokens.length * steps;
  const stream = streamWords(plan, embedOf(plan));
  const inStream = layers.filter(({ role }) => meetsStream(role));
  const isFilteredHead = isFiltered(plan);

  const declarations = layers.flatMap((layer): Item[] => {
    const n = short(layer);
    const isStream = hasStream && inStream.includes(layer);
    return [
      logic(1, `${n}_ready`, `${n}_take`, `${n}_valid`),
      logic(layer.lines, `${n}_lines`),
      ...(layer.role === "head" ? [] : [logic(layer.outputs, `${n}_spikes`)]),
      ...(isStream
        ? [
            ...(streamAccess(plan, layer).writes ? [logic(1, `${n}_stream_valid`)] : []),
            logic(indexBits(stream.entries), `${n}_stream_address`),
            ...(streamAccess(plan, layer).writes ? [logic(stream.width, `${n}_stream`)] : []),
          ]
        : []),
    ];
  });

  const instances = layers.map((layer) => {
    const n = short(layer);
    const isStream = hasStream && inStream.includes(layer);
    return instance(layer.module, `u_${n}`, {
      ...clockAndReset,
      valid_i: name(`${n}_ready`),
      lines_i: name(`${n}_lines`),
      take_o: name(`${n}_take`),
      ...(isStream
        ? {
            ...(streamAccess(plan, layer).writes ? { stream_valid_o: name(`${n}_stream_valid`) } : {}),
            stream_address_o: name(`${n}_stream_address`),
            ...(streamAccess(plan, layer).writes ? { stream_o: name(`${n}_stream`) } : {}),
            ...(layer.role === "embedding" ? {} : { stream_i: name(`${streamPortOf(plan, layer)}_data`) }),
          }
        : {}),
      valid_o: name(`${n}_valid`),
      ...(layer.role === "head"
        ? { logits_o: name("logits_o"), answer_o: name("answer"), totals_o: name("totals") }
        : { spikes_o: name(`${n}_spikes`) }),
    });
  });

  const queues = layers.flatMap((layer, i): Item[] => {
    const n = short(layer);
    const before = i === 0 ? "" : short(layers[i - 1]);
    if (layer.windows && i > 0) {
      return [
        instance(windowsName(layer), `u_windows_${n}`, {
          ...clockAndReset,
          push_i: name(`${before}_valid`),
          data_i: name(`${before}_spikes`),
          pop_i: name(`${n}_take`),
          valid_o: name(`${n}_ready`),
          data_o: name(`${n}_lines`),
        }),
      ];
    }
    if (layer.waiting === null) return [];
    const push: Expression =
      layer === head && isFilteredHead
        ? binary(name(`${before}_valid`), "&", bit(name("TokensRead"), name("token_q")))
        : name(`${before}_valid`);
    return [
      instance(queueName({ width: layer.inputs, entries: layer.waiting }), `u_queue_${n}`, {
        ...clockAndReset,
        push_i: push,
        data_i: name(`${before}_spikes`),
        pop_i: name(`${n}_take`),
        valid_o: name(`${n}_ready`),
        data_o: name(`${n}_lines`),
      }),
    ];
  });

  const last = short(layers[layers.length - 2]);
  const headVectors = head.tokens.length * steps;
  const isWired = !isStraight(wiring);
  const vector = name(`${first}_vector`);
  const linesOfVector = [...lineOrder(layers[0].inputs, wiring)].map((input) => bit(vector, input));
  const edge: Item[] = [
    logic(indexBits(firstVectors), "entered_q"),
    logic(indexBits(headVectors), "left_q"),
    logic(1, "closed_q", "answered_q"),
    logic(1, "entered", "full", "left"),
    ...(isWired
      ? [
          logic(layers[0].inputs, `${first}_vector`),
          comment(wiringComment(wiring)),
          wire(name(`${first}_lines`), concat(...linesOfVector.reverse())),
        ]
      : []),
    instance(layers[0].windows ? windowsName(layers[0]) : queueName(inputQueue(plan)), "u_queue_input", {
      ...clockAndReset,
      push_i: binary(name("in_valid_i"), "&", name("in_ready_o")),
      data_i: name("in_data_i"),
      pop_i: name(`${first}_take`),
      valid_o: name("entered"),
      data_o: isWired ? vector : name(`${first}_lines`),
      full_o: name("full"),
    }),
    ...(layers[0].windows
      ? [
          wire(name("in_ready_o"), isFalse(name("full"))),
          wire(name(`${first}_ready`), both(name("entered"), name("full"), isFalse(name("closed_q")))),
        ]
      : [
          wire(name("in_ready_o"), binary(isFalse(name("full")), "|", name(`${first}_take`))),
          comment(
            stepMajor
              ? "Blocks take turns at attention as scheduled: a prompt begins when it has arrived completely."
              : "Attention does not wait for steps of the last token: they enter when all have arrived.",
          ),
          wire(
            name(`${first}_ready`),
            both(
              both(name("entered"), isFalse(name("closed_q"))),
              binary(isFalse(isAt("entered_q", stepMajor ? 0 : vectors - steps, vectors)), "|", name("full")),
            ),
          ),
        ]),
    wire(name("logits_valid_o"), name("head_valid")),
    wire(name("busy_o"), binary(name("started_q"), "|", name(`${first}_ready`))),
    logic(1, "started_q"),
    comment("After a reset nothing leaves, and old contents are gone before a vector has entered."),
    clocked(
      when(both(name("head_valid"), isAt("left_q", headVectors - 1, headVectors)), [
        set(name("answered_q"), sized(1, 1)),
      ]),
      when(name("left"), [set(name("answered_q"), zeros)]),
    ),
    wire(name("left"), both(name("answered_q"), isFalse(name("decided")), isFalse(name("out_valid_o")))),
    registers(
      ["entered_q", "left_q", "closed_q", "started_q"].map((register) => set(name(register), zeros)),
      [
        when(name(`${first}_ready`), [set(name("started_q"), sized(1, 1))]),
        when(name(`${first}_take`), [
          countUp("entered_q", firstVectors),
          when(isAt("entered_q", firstVectors - 1, firstVectors), [set(name("closed_q"), sized(1, 1))]),
        ]),
        when(name("head_valid"), [countUp("left_q", headVectors)]),
        when(name("left"), [set(name("closed_q"), zeros), set(name("started_q"), zeros)]),
      ],
    ),
    instance(DECISION_UNIT, "u_decision", {
      ...clockAndReset,
      valid_i: name("answer"),
      totals_i: name("totals"),
      valid_o: name("decided"),
      totals_o: name("decided_totals"),
      decision_o: name("decision"),
    }),
    instance(queueName(answerQueue(plan)), "u_queue_answers", {
      ...clockAndReset,
      push_i: name("decided"),
      data_i: concat(name("decision"), name("decided_totals")),
      pop_i: binary(name("out_valid_o"), "&", name("out_ready_i")),
      valid_o: name("out_valid_o"),
      data_o: concat(name("out_decision_o"), name("out_data_o")),
    }),
  ];

  const filter: Item[] = isFilteredHead
    ? [
        { kind: "constant", type: `logic [${tokens - 1}:0]`, name: "TokensRead", value: hex(tokens, readMask(head)) },
        logic(indexBits(tokens), "token_q"),
        ...(stepMajor ? [] : [logic(indexBits(steps), "token_step_q")]),
        registers(
          ["token_q", ...(stepMajor ? [] : ["token_step_q"])].map((register) => set(name(register), zeros)),
          [
            when(
              name(`${last}_valid`),
              stepMajor
                ? [countUp("token_q", tokens)]
                : [
                    countUp("token_step_q", steps),
                    when(isAt("token_step_q", steps - 1, steps), [countUp("token_q", tokens)]),
                  ],
            ),
          ],
        ),
        gap,
      ]
    : [];

  return {
    name: MACHINE,
    header: [
      `The whole machine for one network: ${layers.length} layers on ${plan.machine.mapping.totals.blocks} crossbars, ${depth} blocks, ${width} features, ${heads} heads, ${tokens} tokens, ${steps} ` +
        "steps. It works on one prompt at a time; its layers work in parallel.",
      `A prompt is ${entering.vectors} vectors of ${entering.width} spikes at in_data_i, ${vectorOrder(plan)}, line 0 in the low bit. in_valid_i and ` +
        `in_ready_o follow AXI-Stream: a vector stays until both are 1. ${layers[0].windows || stepMajor ? "It begins" : "The last token enters"} when all of its vectors have arrived. Before its first vector, the prompt's ` +
        `${words} seeds must be written, a word in each clock of seed_write_i: block after block, head after head.`,
      `Answers appear at out_data_o, ${answersOf(plan)} per prompt, with out_valid_o and out_ready_i as in AXI-Stream: the totals of ${head.outputs} classes over ${addedOutputs(plan)} outputs of the head, ` +
        `${totalBits(arithmetic, addedOutputs(plan))} bits each in two's complement, class 0 in the low bits. At the same time out_decision_o has ${plan.readOut === "bits" ? "the decided bits, output 0 as the highest" : "the class with the largest total, the first in a tie"}. busy_o is 1 from the first vector until the last answer has been taken.`,
      `logits_o has the outputs of the head at every step while logits_valid_o is 1, ${arithmetic.logitBits} bits each, class 0 in the low bits.`,
      `Latency: ${plan.schedule.alone.clocks} clocks from the first clock of the first vector to the last total, if vectors arrive in time.`,
    ],
    ports: [
      ...CLOCKED,
      input("seed_write_i"),
      input("seed_address_i", indexBits(words)),
      input("seed_data_i", SEED_BITS),
      input("in_valid_i"),
      output("in_ready_o"),
      input("in_data_i", entering.width),
      output("out_valid_o"),
      input("out_ready_i"),
      output("out_data_o", answerBits(plan)),
      output("out_decision_o", decisionBits(decisionSize(plan))),
      output("logits_valid_o"),
      output("logits_o", head.outputs * arithmetic.logitBits),
      output("busy_o"),
    ],
    items: [
      ...declarations,
      logic(1, "answer", "decided"),
      logic(answerBits(plan), "totals", "decided_totals"),
      logic(decisionBits(decisionSize(plan)), "decision"),
      gap,
      ...edge,
      gap,
      ...filter,
      ...instances,
      gap,
      ...queues,
      gap,
      ...(stepMajor ? attentionOfBlocks(plan, stepMajor) : attentionInTurn(plan)),
      ...(hasStream ? [gap, ...streamItems(plan)] : []),
    ],
  };
}

/** The order of vectors at the edge. */
export function vectorOrder({ layers, stepMajor }: MachinePlan): string {
  const isOfPixels = layers[0].windows !== null;
  if (stepMajor)
    return `step by step, all ${isOfPixels ? "pixels of a step row by row" : "tokens of a step in succession"}`;
  return isOfPixels
    ? "pixel by pixel, row by row, all steps of a pixel in succession"
    : "token by token, all steps of a token in succession";
}

/** A bit for each token that the head reads. */
function readMask({ tokens }: LayerPlan): bigint {
  let mask = 0n;
  for (const token of tokens) mask |= 1n << BigInt(token);
  return mask;
}

const wiringComment = ({ inputStride, linesPerInput }: Wiring): string =>
  [
    "The first layer's lines are",
    inputStride > 1 ? ` in strides of ${inputStride} of the vector` : " in the order of the vector",
    linesPerInput > 1 ? `, ${linesPerInput} for each bit.` : ".",
  ].join("");
