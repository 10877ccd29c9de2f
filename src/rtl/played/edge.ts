/**
 * Seeded random traffic at the edge of a machine: masters that keep to AXI's rules and otherwise do what they like, a machine behind
 * it that answers when it likes, and in every clock what `edge-model.ts` says. It goes on until each point has been reached.
 */

import { type Stream, streamOfKey } from "../../numeric/stream.ts";
import { addressBits, type MachineFacts } from "../axi/register-map.ts";
import { expansionClocks } from "../axi/seed-expander.ts";
import { streamSizes } from "../axi/top.ts";
import { indexBits } from "../machine/parts.ts";
import { accesses, type Poised, type Sight, type Write } from "./edge-accesses.ts";
import {
  AFTER_RESET,
  afterClock,
  type EdgeInputs,
  type EdgeOutputs,
  type EdgeState,
  edgeOutputs,
  isWaiting,
  type MachineOutputs,
} from "./edge-model.ts";
import { edgeFields, machineFields } from "./edge-pins.ts";
import {
  COUNTS,
  EMPTY,
  foundAfter,
  heldBy,
  NONE,
  type Phase,
  passedAfter,
  pointsOf,
  reachedBy,
  shownBy,
} from "./edge-points.ts";
import { anyBits, pick } from "./numbers.ts";
import { type Bits, bitsOf, flag, type Line, type Play } from "./player.ts";

/** The edge's own pins, and those of the machine behind it, line by line. */
export interface EdgePlays {
  readonly edge: Play;
  readonly machine: Play;
}

/** Lines, prompts and expansions of seeds after which it ends even if a point is open: a fault of this file, not of the edge. */
const MOST_LINES = 60_000;
const MOST_PROMPTS = 200;
const MOST_EXPANSIONS = 20;
/** Prompts that are answered completely. */
const PROMPTS = 4;
const WORD = 32;
export function edgePlays(facts: MachineFacts, random: Stream): EdgePlays {
  const { vectors, vectorBits, totalBits, decisionBits, logitBits, windowWords } = facts;
  const address = addressBits(windowWords);
  const sizes = streamSizes(facts);
  const points = pointsOf(facts);
  const open = new Set(Object.keys(points).filter((point) => points[point] === null));
  const chance = (one: number, of: number) => random.integer(of) < one;
  const bits = (width: number): Bits => anyBits(width, random);

  // Masters: writes whose address or data are still to come, and what stands on each channel.
  const { write: anyWrite, poised: anyPoised, read: anyRead, isExpected } = accesses(facts, random, open);
  let writes: Write[] = [];
  let [addressed, filled] = [0, 0];
  let poised: Poised | null = null;
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
  let [found, passed] = [NONE, EMPTY];
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
  /** Phases are the host's prompts: those of the queue cost a large machine more clocks. */
  const wants = (what: string) => !passed.isQueued && !isWaiting(state) && open.has(`${what}_${phaseOf()}`);
  const sightOf = (): Sight => ({
    state,
    phase: phaseOf(),
    isFed: behind.had > 0,
    isOffering: behind.offers !== null,
    isQueued: passed.isQueued && state.running,
    isStuck: state.running && !state.open && state.entered > 0,
    isFound: found.queue,
  });
  /** Whether a number leaves the queue, or a prompt ends, in the next clock. */
  function comesNext({ until }: Poised, tready: boolean): boolean {
    const ends = behind.offers !== null && state.answered === facts.answers - 1 && tready;
    return until === "leaves" && facts.expansion ? state.expander?.copied === facts.seedWords - 1 : ends;
  }

  const most =
    MOST_LINES +
    MOST_PROMPTS * vectors +
    MOST_EXPANSIONS * (facts.expansion ? expansionClocks(facts.expansion).expand : 0);
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
    const canReset = inReset === 0 && edgeLines.length > 8 && !isExpected(sightOf());
    if (
      canReset &&
      (chance(1, open.has("access_in_test_mode") ? 400 : Math.max(2500, 4 * vectors)) ||
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
    const tready = !isReset && (isWanted ? chance(1, 24) : chance(1 + rate, 12));
    if (isReset) {
      inReset--;
      state = AFTER_RESET;
      behind = { ...silent };
      [writes, addressed, filled] = [[], 0, 0];
      [aw, w, ar, vector, poised] = [null, null, null, null, null];
      passed = EMPTY;
    } else {
      const sight = sightOf();
      if (addressed === writes.length && filled === writes.length) {
        poised = anyPoised(sight);
        if (poised !== null) [writes, addressed, filled] = [[poised.write], 0, 0];
        else if (chance(rate, 24)) {
          const more = chance(1, 3) ? [anyWrite(sight), anyWrite(sight)] : [];
          [writes, addressed, filled] = [[anyWrite(sight), ...more], 0, 0];
        }
      }
      // Address or data may be up to two writes ahead.
      if (aw === null && addressed < writes.length && addressed < filled + 2 && chance(1, 3)) aw = writes[addressed++];
      // A prompt that waits for a clear would not end.
      if (sight.isStuck) poised = null;
      const isTime = poised === null ? chance(1, 3) : comesNext(poised, tready);
      if (w === null && filled < writes.length && filled < addressed + 2 && isTime) {
        w = writes[filled++];
        poised = null;
      }
      if (ar === null && chance(rate, 32)) ar = anyRead(sight);
      const isBefore = !state.open && state.entered === 0 && (open.has("clear_open") || open.has("reset_open"));
      const isHeld = isBefore || (phaseOf() === "open" && isWanted);
      if (vector === null && chance(isHeld ? 1 : 8 * rate, isHeld ? 200 : 64)) {
        const isLast = state.entered === vectors - 1;
        const isWrong = chance(1, isLast ? 8 : open.has("tlast_early") && !passed.isQueued ? 16 : 40 * vectors);
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
      tready,
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
    for (const point of reachedBy(facts, state, inputs, machine, outputs, passed)) reached.add(point);
    if (outputs.effect?.kind === "clear") reached.add(`clear_${phaseOf()}`);
    const shown = shownBy(state, inputs, outputs, passed, machine);
    for (const count of COUNTS) if (found[count] && shown[count]) reached.add(`${count}_right_after_clear`);
    found = isReset ? NONE : foundAfter(facts, found, state, outputs, machine, passed);
    passed = passedAfter(passed, state, outputs);
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
    const isAwake = (inputs.testMode || state.released) && !isReset;
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
        streams_rst_no: flag(isAwake),
        s_axis_tready: flag(state.open && machine.ready),
        m_axis_tvalid: flag(machine.valid),
        m_axis_tlast: flag(outputs.isLastAnswer),
        m_axis_tuser: bitsOf(state.number, WORD),
        m_axis_tdata: decision.padStart(sizes.output - sizes.decisionAt, "0") + totals.padStart(sizes.decisionAt, "0"),
      },
      reached: [...reached].filter((point) => point in points),
    });
    machineLines.push({
      values: {
        rst_ni: flag(isAwake),
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
