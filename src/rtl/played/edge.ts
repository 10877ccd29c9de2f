/**
 * Seeded random traffic at the edge of a machine: masters that keep to AXI's rules and otherwise do what they like, a machine behind
 * it that answers when it likes, and in every clock what `edge-model.ts` says. It goes on until each point has been reached.
 */

import { type Stream, streamOfKey } from "../../numeric/stream.ts";
import {
  addressBits,
  CONTROL,
  INTERRUPT,
  type MachineFacts,
  REGISTERS,
  registerOf,
  seedBase,
} from "../axi/register-map.ts";
import { expansionClocks } from "../axi/seed-expander.ts";
import { streamSizes } from "../axi/top.ts";
import { indexBits } from "../machine/parts.ts";
import {
  AFTER_RESET,
  afterClock,
  type EdgeInputs,
  type EdgeOutputs,
  type EdgeState,
  edgeOutputs,
  type MachineOutputs,
} from "./edge-model.ts";
import { edgeFields, machineFields } from "./edge-pins.ts";
import { anyBits, pick } from "./numbers.ts";
import { type Bits, bitsOf, flag, type Line, type Play } from "./player.ts";

/** The edge's own pins, and those of the machine behind it, line by line. */
export interface EdgePlays {
  readonly edge: Play;
  readonly machine: Play;
}

/** Lines, and expansions of seeds, after which it ends even if a point is open: a fault of this file, not of the edge. */
const MOST_LINES = 60_000;
const MOST_EXPANSIONS = 12;
/** Prompts that are answered completely. */
const PROMPTS = 4;
const WORD = 32;
/** What a prompt is doing, and what the slave holds. */
const PHASES = ["idle", "expanding", "open", "input", "computing", "answering", "between_answers"] as const;
const HELD = ["address", "data", "response", "read_response"] as const;
/** What a clear forgets, vectors and answers of a prompt, and what it keeps. */
const COUNTS = ["input", "answers", "prompts", "clocks", "enable"] as const;
type Counts = Readonly<Record<(typeof COUNTS)[number], boolean>>;
/** `isHidden`: vectors that a clear left were hidden by a wrong length, until an input of the right one. */
interface Found extends Counts {
  readonly isHidden: boolean;
}
const NONE: Found = { input: false, answers: false, prompts: false, clocks: false, enable: false, isHidden: false };

type Phase = (typeof PHASES)[number];

interface Write {
  readonly address: number;
  readonly data: number;
  readonly strobe: number;
}

export function edgePlays(facts: MachineFacts, random: Stream): EdgePlays {
  const { vectors, vectorBits, totalBits, decisionBits, logitBits, windowWords } = facts;
  const address = addressBits(windowWords);
  const sizes = streamSizes(facts);
  const base = seedBase(windowWords);
  const points = pointsOf(facts);
  const open = new Set(Object.keys(points).filter((point) => points[point] === null));
  const chance = (one: number, of: number) => random.integer(of) < one;
  const bits = (width: number): Bits => anyBits(width, random);

  // Masters: writes whose address or data are still to come, and what stands on each channel.
  let writes: Write[] = [];
  let [addressed, filled] = [0, 0];
  let aw: Write | null = null;
  let w: Write | null = null;
  let ar: number | null = null;
  let vector: { data: Bits; last: boolean } | null = null;
  // The machine: vectors it has, clocks until its next answer, and the answer that it offers.
  const silent = { had: 0, answered: 0, wait: 0, offers: null as { totals: Bits; decision: Bits } | null, rest: 0 };
  let behind = { ...silent };
  let state: EdgeState = AFTER_RESET;
  let inReset = 2;
  // A reset in test mode stays in it until its release would have arrived without.
  let inTest = false;
  let rate = 8;
  let answeredPrompts = 0;
  /** What a clear found other than 0, and nothing has shown since whether it is right. */
  let found = NONE;
  const edgeLines: Line[] = [];
  const machineLines: Line[] = [];

  const expanded = new Map<number, readonly number[]>();
  /** The seeds of a prompt, by its number. */
  function seedsOf(number: number): readonly number[] {
    const known = expanded.get(number);
    if (known) return known;
    const { key, blocks, heads, words } = facts.expansion!;
    const root = streamOfKey(...key);
    const places = Array.from({ length: blocks }, (_, block) => root.fork(block, number)).flatMap((own) =>
      heads === null ? [own] : Array.from({ length: heads }, (_, head) => own.fork(head)),
    );
    const seeds = places.flatMap((place) => Array.from({ length: words }, () => place.word() || 1));
    expanded.set(number, seeds);
    return seeds;
  }

  const phaseOf = (): Phase => {
    if (behind.offers !== null) return "answering";
    if (behind.answered > 0) return "between_answers";
    if (behind.had === vectors) return "computing";
    if (state.entered > 0) return "input";
    if (state.open) return "open";
    return state.running && state.expander !== null ? "expanding" : "idle";
  };
  const wants = (what: string) => open.has(`${what}_${phaseOf()}`);
  /** Whether seeds are on their way, which takes a large machine long, and must arrive for a point. */
  const isExpected = () =>
    (state.expander?.left ?? 0) > 0 && (open.has("start_with_seeds") || open.has("clear_with_seeds"));

  /** A command, a seed, or anything. */
  function anyWrite(): Write {
    const strobe = chance(1, 8) ? random.integer(15) : 15;
    const at = (name: Parameters<typeof registerOf>[0]) =>
      registerOf(name).offset + (chance(1, 8) ? random.integer(4) : 0);
    const isBusy = state.running || behind.had > 0;
    const isDropped = state.expander?.left === 0 && open.has("clear_with_seeds");
    const isEarly = isExpected() && open.has("start_with_seeds");
    const control = (start: boolean, clear: boolean) => ({
      address: at("CONTROL"),
      data: (Number(start) << CONTROL.start) | (Number(clear) << CONTROL.clear) | (random.integer(16) << 2),
      strobe,
    });
    if (chance(1, 12)) return { address: at("EXPAND"), data: random.word(), strobe };
    const kind = random.integer(16);
    if (!isBusy && !isEarly && kind < 6) return { ...control(true, false), strobe: chance(1, 8) ? strobe : 15 };
    if (!isExpected() && chance(1, wants("clear") || isDropped ? 3 : isBusy ? 60 : 20))
      return { ...control(chance(1, 2), true), strobe: 15 };
    if (!isEarly && kind < 8) return control(true, false);
    if (kind < 11) return { address: base + 4 * random.integer(windowWords), data: random.word(), strobe };
    if (kind < 12)
      return { address: at(pick(["ERROR", "ENABLE", "PENDING"], random)), data: random.integer(16), strobe };
    if (kind < 13) return { address: pick(REGISTERS, random).offset, data: random.word(), strobe };
    return { address: random.integer(2 ** address), data: random.word(), strobe };
  }

  const anyRead = (): number => {
    if (behind.offers !== null && open.has("prompts_read_before_last_answer")) return registerOf("PROMPTS").offset;
    const named = pick(["STATUS", "ERROR", "PENDING", "ENABLE", "PROMPTS", "CLOCKS", "WAITING"] as const, random);
    if (chance(1, 2)) return registerOf(named).offset;
    return chance(1, 2) ? pick(REGISTERS, random).offset + random.integer(4) : random.integer(2 ** address);
  };

  const most = MOST_LINES + MOST_EXPANSIONS * (facts.expansion ? expansionClocks(facts.expansion).expand : 0);
  // Behind its last line all pins fall to 0, as in a reset, in which nothing stands on a channel.
  let ending = 0;
  while (edgeLines.length < most && ending < 2) {
    const isOver = open.size === 0 && answeredPrompts >= PROMPTS;
    if (isOver) {
      ending++;
      inReset = 1;
      inTest = false;
    }
    // Traffic comes in stretches of 64 clocks, dense or sparse.
    if (edgeLines.length % 64 === 0) rate = pick([8, 6, 3, 1], random);
    const reached = new Set<string>();
    const canReset = inReset === 0 && edgeLines.length > 8 && !isExpected();
    if (
      canReset &&
      (chance(1, open.has("access_in_test_mode") ? 400 : 2500) ||
        (chance(1, 40) && (wants("reset") || heldBy(state).some((held) => open.has(`reset_${held}`)))))
    ) {
      reached.add(`reset_${phaseOf()}`);
      for (const held of heldBy(state)) reached.add(`reset_${held}`);
      inReset = 2;
      inTest = chance(1, 3);
    }
    const isReset = inReset > 0;
    // What is wanted of a phase takes some clocks, in which it should last.
    const isWanted = wants("clear") || wants("reset") || open.has("prompts_read_before_last_answer");
    if (isReset) {
      inReset--;
      state = AFTER_RESET;
      behind = { ...silent };
      [writes, addressed, filled] = [[], 0, 0];
      [aw, w, ar, vector] = [null, null, null, null];
    } else {
      if (addressed === writes.length && filled === writes.length && chance(rate, 24)) {
        [writes, addressed, filled] = [[anyWrite(), ...(chance(1, 3) ? [anyWrite(), anyWrite()] : [])], 0, 0];
      }
      // Address or data may be up to two writes ahead.
      if (aw === null && addressed < writes.length && addressed < filled + 2 && chance(1, 3)) aw = writes[addressed++];
      if (w === null && filled < writes.length && filled < addressed + 2 && chance(1, 3)) w = writes[filled++];
      if (ar === null && chance(rate, 32)) ar = anyRead();
      const isBefore = !state.open && state.entered === 0 && (open.has("clear_open") || open.has("reset_open"));
      const isHeld = isBefore || (phaseOf() === "open" && isWanted);
      if (vector === null && chance(isHeld ? 1 : 8 * rate, isHeld ? 200 : 64)) {
        const isLast = state.entered === vectors - 1;
        const isWrong = chance(1, isLast ? 8 : open.has("tlast_early") ? 16 : 40 * vectors);
        vector = { data: bits(sizes.input), last: isLast !== isWrong };
      }
    }
    const inputs: EdgeInputs = {
      reset: isReset,
      testMode: inTest && (isReset || state.asleep > 0),
      awvalid: aw !== null,
      awaddr: aw?.address ?? random.integer(2 ** address),
      wvalid: w !== null,
      wdata: w?.data ?? random.word(),
      wstrb: w?.strobe ?? random.integer(16),
      bready: !isReset && chance(1 + rate, 10),
      arvalid: ar !== null,
      araddr: ar ?? random.integer(2 ** address),
      rready: !isReset && chance(1 + rate, 10),
      tvalid: vector !== null,
      tlast: vector?.last ?? chance(1, 2),
      tready: !isReset && (isWanted ? chance(1, 24) : chance(1 + rate, 12)),
    };
    // A clear, or a reset, has emptied the machine.
    if (!state.released) behind = { ...silent };
    const result = behind.had === vectors && chance(1, 6);
    const machine: MachineOutputs = {
      ready: chance(7, 8),
      valid: behind.offers !== null,
      result,
      busy: behind.had > 0 || behind.rest > 0,
    };
    const outputs = edgeOutputs(facts, state, inputs, machine);
    for (const point of reachedBy(facts, state, inputs, machine, outputs)) reached.add(point);
    if (outputs.effect?.kind === "clear") reached.add(`clear_${phaseOf()}`);
    const shown = shownBy(state, inputs, outputs);
    for (const count of COUNTS) if (found[count] && shown[count]) reached.add(`${count}_right_after_clear`);
    found = isReset ? NONE : foundAfter(found, state, outputs, machine);
    if (writes.length > 0 && filled > addressed) reached.add("data_before_address");
    if (writes.length > 0 && addressed > filled) reached.add("address_before_data");
    const { effect } = outputs;
    const { totals, decision } = behind.offers ?? { totals: bits(totalBits), decision: bits(decisionBits) };
    const data = vector?.data ?? bits(sizes.input);
    const logits = bits(logitBits);
    const seed =
      effect?.kind === "seed"
        ? effect
        : state.expander?.copied != null
          ? { word: state.expander.copied, data: seedsOf(state.expander.number)[state.expander.copied] }
          : null;
    edgeLines.push({
      values: {
        rst_ni: flag(!isReset),
        test_mode_i: flag(inputs.testMode),
        s_axil_awaddr: bitsOf(inputs.awaddr, address),
        s_axil_awprot: bitsOf(0, 3),
        s_axil_awvalid: flag(inputs.awvalid),
        s_axil_wdata: bitsOf(inputs.wdata, WORD),
        s_axil_wstrb: bitsOf(inputs.wstrb, WORD / 8),
        s_axil_wvalid: flag(inputs.wvalid),
        s_axil_bready: flag(inputs.bready),
        s_axil_araddr: bitsOf(inputs.araddr, address),
        s_axil_arprot: bitsOf(0, 3),
        s_axil_arvalid: flag(inputs.arvalid),
        s_axil_rready: flag(inputs.rready),
        s_axis_tdata: data,
        s_axis_tlast: flag(inputs.tlast),
        s_axis_tvalid: flag(inputs.tvalid),
        m_axis_tready: flag(inputs.tready),
        s_axil_awready: flag(outputs.awake && state.address === null),
        s_axil_wready: flag(outputs.awake && state.data === null),
        s_axil_bvalid: flag(state.written !== null),
        s_axil_bresp: bitsOf(state.written ?? 0, 2),
        s_axil_arready: flag(outputs.awake && state.read === null),
        s_axil_rvalid: flag(state.read !== null),
        s_axil_rdata: bitsOf(state.read?.word ?? 0, WORD),
        s_axil_rresp: bitsOf(state.read?.response ?? 0, 2),
        irq_o: flag(state.interrupt),
        s_axis_tready: flag(state.open && machine.ready),
        m_axis_tvalid: flag(machine.valid),
        m_axis_tlast: flag(outputs.isLastAnswer),
        m_axis_tdata: decision.padStart(sizes.output - sizes.decisionAt, "0") + totals.padStart(sizes.decisionAt, "0"),
      },
      reached: [...reached].filter((point) => point in points),
    });
    machineLines.push({
      values: {
        rst_ni: flag((inputs.testMode || state.released) && !isReset),
        seed_write_i: flag(seed !== null),
        seed_address_i: bitsOf(seed?.word ?? 0, indexBits(windowWords)),
        seed_data_i: bitsOf(seed?.data ?? 0, WORD),
        in_valid_i: flag(inputs.tvalid && state.open),
        in_data_i: data.slice(sizes.input - vectorBits),
        out_ready_i: flag(inputs.tready),
        in_ready_o: flag(machine.ready),
        out_valid_o: flag(machine.valid),
        out_data_o: totals,
        out_decision_o: decision,
        logits_valid_o: flag(machine.result),
        logits_o: logits,
        busy_o: flag(machine.busy),
      },
      reached: [],
    });
    for (const point of reached) open.delete(point);
    if (isReset) continue;
    if (outputs.given && outputs.isLastAnswer) answeredPrompts++;
    stepMachine(outputs);
    if (outputs.awake) {
      if (state.address === null) aw = null;
      if (state.data === null) w = null;
      if (state.read === null) ar = null;
    }
    if (outputs.taken) vector = null;
    state = afterClock(facts, state, inputs, machine, outputs);
  }

  function stepMachine({ taken, given, isLastAnswer }: EdgeOutputs): void {
    if (!state.released) return;
    if (behind.rest > 0) behind.rest--;
    if (taken) {
      behind.had++;
      if (behind.had === vectors) behind.wait = 4 + random.integer(24);
    } else if (given && isLastAnswer) behind = { ...silent, rest: random.integer(3) };
    else if (given) behind = { ...behind, offers: null, answered: behind.answered + 1, wait: random.integer(6) };
    else if (behind.had === vectors && behind.offers === null && behind.wait-- <= 0) {
      behind.offers = { totals: bits(totalBits), decision: bits(decisionBits) };
    }
  }

  return {
    edge: { ...edgeFields(facts), lines: edgeLines, points },
    machine: { ...machineFields(facts), lines: machineLines, points: {} },
  };
}

/** What the slave holds at the moment. */
const heldBy = ({ address, data, written, read }: EdgeState): (typeof HELD)[number][] => {
  const is = {
    address: address !== null,
    data: data !== null,
    response: written !== null,
    read_response: read !== null,
  };
  return HELD.filter((held) => is[held]);
};

function pointsOf({ answers, expansion }: MachineFacts): Record<string, string | null> {
  const single = answers === 1 ? "a prompt has one answer" : null;
  const drawn = expansion === null ? "the machine draws nothing" : null;
  const reasons: Partial<Record<Phase, string | null>> = { between_answers: single, expanding: drawn };
  const of = (what: "reset" | "clear") => PHASES.map((phase) => [`${what}_${phase}`, reasons[phase] ?? null] as const);
  const numbers = [
    "number_written",
    "number_while_busy",
    "number_while_one_waits",
    "number_partial_strobes",
    "start_before_seeds_wait",
    "start_with_seeds",
    "clear_with_seeds",
    "waiting_read",
  ];
  const plain = [
    "data_before_address",
    "address_before_data",
    ...["aw", "w", "b", "ar", "r"].map((channel) => `stall_s_axil_${channel}`),
    "stall_s_axis",
    "stall_m_axis",
    "tvalid_before_start",
    "tlast_early",
    "tlast_missing",
    "seed_written",
    "seed_while_busy",
    "seed_partial_strobes",
    "control_partial_strobes",
    "start",
    "start_while_busy",
    "start_after_input",
    "start_with_clear",
    "error_forgotten",
    "interrupt_answered",
    "interrupt_error",
    "clear_keeps_enable",
    "write_refused",
    "read_refused",
    "prompts_read_before_last_answer",
    "access_before_release",
    "access_in_test_mode",
  ];
  return Object.fromEntries([
    ...plain.map((point) => [point, null] as const),
    ...numbers.map((point) => [point, drawn] as const),
    ...of("reset"),
    ...of("clear"),
    ...COUNTS.map((count) => [`${count}_right_after_clear`, count === "answers" ? single : null] as const),
    ...HELD.map((held) => [`reset_${held}`, null] as const),
  ]);
}

/** Points that a clock reaches, besides those of resets, clears and the order of writes. */
const isRead = (name: Parameters<typeof registerOf>[0], { awake }: EdgeOutputs, inputs: EdgeInputs, state: EdgeState) =>
  awake && inputs.arvalid && state.read === null && inputs.araddr - (inputs.araddr % 4) === registerOf(name).offset;

/** Which counts this clock shows: whole input and answers take as many as there are, and registers are read. */
const shownBy = (state: EdgeState, inputs: EdgeInputs, outputs: EdgeOutputs): Counts => ({
  input: outputs.taken && outputs.isLast,
  answers: outputs.given && outputs.isLastAnswer,
  prompts: isRead("PROMPTS", outputs, inputs, state),
  clocks: isRead("CLOCKS", outputs, inputs, state),
  enable: isRead("ENABLE", outputs, inputs, state),
});

/** After this clock. A wrong length, an answer and a write hide what a clear may have left wrong. */
function foundAfter(
  found: Found,
  state: EdgeState,
  { effect, taken, isLast, isWrong }: EdgeOutputs,
  { result }: MachineOutputs,
): Found {
  const isCleared = effect?.kind === "clear";
  const isHidden = (found.isHidden || (found.input && isWrong)) && !(taken && isLast && !isWrong);
  return {
    isHidden,
    input: !isHidden && (found.input || (isCleared && state.entered > 0)),
    answers: found.answers || (isCleared && state.answered > 0),
    prompts: found.prompts || (isCleared && state.prompts > 0),
    clocks: (found.clocks && !result) || (isCleared && state.clocks > 0),
    enable: (found.enable && effect?.kind !== "enable") || (isCleared && state.enabled !== 0),
  };
}

function reachedBy(
  facts: MachineFacts,
  state: EdgeState,
  inputs: EdgeInputs,
  machine: MachineOutputs,
  outputs: EdgeOutputs,
): string[] {
  const { awake, effect, busy, isLast, isWrong, isLastAnswer } = outputs;
  const asks = !inputs.reset && (inputs.awvalid || inputs.wvalid || inputs.arvalid);
  const isPartial = effect !== null && state.data !== null && state.data.strobe !== 15;
  const place = state.address === null ? -1 : state.address - (state.address % 4);
  const isControl = place === registerOf("CONTROL").offset;
  const isSeed = place >= seedBase(facts.windowWords) && place < seedBase(facts.windowWords) + 4 * facts.windowWords;
  const starts = effect !== null && isControl && !isPartial && ((state.data!.word >> CONTROL.start) & 1) === 1;
  const refused = effect?.kind === "refused";
  const reads = awake && inputs.arvalid && state.read === null;
  const readPlace = inputs.araddr - (inputs.araddr % 4);
  const isNumber = place === registerOf("EXPAND").offset && facts.expansion !== null;
  const reached: Readonly<Record<string, boolean>> = {
    number_written: effect?.kind === "expand" && !busy,
    number_while_busy: effect?.kind === "expand" && busy,
    number_while_one_waits: isNumber && refused && !isPartial,
    number_partial_strobes: isNumber && isPartial && state.expander === null,
    start_before_seeds_wait: effect?.kind === "start" && (state.expander?.left ?? 0) > 0,
    start_with_seeds: effect?.kind === "start" && state.expander?.left === 0,
    clear_with_seeds: effect?.kind === "clear" && state.expander?.left === 0,
    waiting_read: reads && readPlace === registerOf("WAITING").offset && state.expander !== null,
    stall_s_axil_aw: inputs.awvalid && state.address !== null,
    stall_s_axil_w: inputs.wvalid && state.data !== null,
    stall_s_axil_b: state.written !== null && !inputs.bready,
    stall_s_axil_ar: inputs.arvalid && state.read !== null,
    stall_s_axil_r: state.read !== null && !inputs.rready,
    stall_s_axis: inputs.tvalid && state.open && !machine.ready,
    stall_m_axis: machine.valid && !inputs.tready,
    tvalid_before_start: inputs.tvalid && !busy && machine.ready,
    tlast_early: isWrong && !isLast,
    tlast_missing: isWrong && isLast,
    seed_written: effect?.kind === "seed",
    seed_while_busy: isSeed && refused && !isPartial && busy,
    seed_partial_strobes: isSeed && isPartial && !busy,
    control_partial_strobes: isControl && isPartial,
    start: effect?.kind === "start",
    start_while_busy: starts && refused,
    start_after_input: starts && refused && !state.open && inputs.tvalid && machine.ready,
    start_with_clear: starts && effect.kind === "clear" && !busy,
    interrupt_answered: state.interrupt && (state.pending & state.enabled & (1 << INTERRUPT.answered)) !== 0,
    interrupt_error: state.interrupt && (state.pending & state.enabled & (1 << INTERRUPT.error)) !== 0,
    clear_keeps_enable: effect?.kind === "clear" && state.enabled !== 0,
    error_forgotten: effect?.kind === "forget" && (effect.bits & state.error) !== 0,
    write_refused: refused && !isControl && !isSeed && !isNumber && !isPartial,
    read_refused: reads && readPlace >= 4 * REGISTERS.length,
    prompts_read_before_last_answer:
      isRead("PROMPTS", outputs, inputs, state) && machine.valid && isLastAnswer && !inputs.tready,
    access_before_release: asks && !awake,
    access_in_test_mode: asks && inputs.testMode,
  };
  return Object.keys(reached).filter((point) => reached[point]);
}
