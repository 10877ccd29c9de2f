/**
 * Faults in blocks of a machine and in its AXI edge that the vectors of networks do not show, by kind: what each source says, and what
 * it would say with the fault. Each changes an output at a legal setting.
 */
import type { SourceFiles } from "../../src/rtl/design.ts";

export interface PlantedFault {
  readonly kind: string;
  /** Start of the names of sources that have it: it is planted in each of them. */
  readonly source: string;
  readonly changes: readonly (readonly [before: string | RegExp, after: string])[];
}

const EDGE = "xpike_axi.sv";
const REGISTERS = "axi_registers.sv";
const EXPANDER = "seed_expander.sv";
const QUEUE = "prompt_queue.sv";
const STOP = /\{(\w+)\[(\d+)\], \{13\{~\1\[\2\]\}\}\}/;

const fault = (kind: string, source: string, ...changes: PlantedFault["changes"]): PlantedFault => ({
  kind,
  source,
  changes,
});

/** A line of the branch in which a clear empties the edge. */
const inClear = (register: string) =>
  new RegExp(`(if \\(clear(?:_i)?\\) begin(?:\\n.*<= '0;)*?)\\n +${register} <= '0;`);

export const PLANTED: readonly PlantedFault[] = [
  fault("a clamp one short, high", "stream_adders_", [STOP, "{$1[$2], {12{~$1[$2]}}, 1'b0}"]),
  fault("a clamp one short, low", "stream_adders_", [STOP, "{$1[$2], {12{~$1[$2]}}, 1'b1}"]),
  fault("a clamp one short, high", "accumulators", [STOP, "{$1[$2], {12{~$1[$2]}}, 1'b0}"]),
  fault("a clamp one short, low", "accumulators", [STOP, "{$1[$2], {12{~$1[$2]}}, 1'b1}"]),
  fault("no clamp", "stream_adders_", [STOP, "wide[13:0]"]),
  fault("no clamp", "accumulators", [STOP, "sum[13:0]"]),
  fault("no clamp", "neurons_", [STOP, "wide[13:0]"]),
  fault("a factor read as signed", "scaled_sums_", ["{4'd0, factor}", "{{4{factor[11]}}, factor}"]),
  fault("a code read as unsigned", "scaled_sums_", ["{11{code[4]}}", "{11{1'b0}}"]),
  fault("an offset read as unsigned", "scaled_sums_", ["{2{offset[13]}}", "{2{1'b0}}"]),
  fault("the last of equal totals wins", "decision_unit", [/(is_later = value_0.*) > /, "$1 >= "]),
  fault("the last of equal totals wins", "decision_unit", [/(is_later = value_1.*) > /, "$1 >= "]),
  fault("totals compared as unsigned", "decision_unit", [/ \^ (\d+)'d\d+;/, " ^ $1'd0;"]),
  fault("a neuron fires above its threshold", "neurons_", [/(potential\[12:0\]) >= /, "$1 > "]),
  fault("a neuron fires below its threshold", "neurons_", [/>= 13'd(\d+)/, ">= (13'd$1 - 13'd1)"]),
  fault("a leak without the sign", "neurons_", ["{{1{membrane[12]}}, membrane}", "{1'b0, membrane}"]),
  fault("a first step remembers", "neurons_", ["leaked = first ? 14'd0 :", "leaked = 1'b0 ? 14'd0 :"]),
  fault("a queue that is full too late", "spike_queue_", [
    /full_o = filled_q == (\d+)'d(\d+)/,
    "full_o = filled_q > $1'd$2",
  ]),
  fault("a queue loses one that comes as one leaves", "spike_queue_", [/if \(pop_i & !push_i\)/, "if (pop_i)"]),
  fault("a code clipped one short, high", "aimc_macro_", [/(plus > 15\) begin\n +plus = )15/, "$114"]),
  fault("a code clipped one short, low", "aimc_macro_", [/(plus < -15\) begin\n +plus = )-15/, "$1-14"]),
  fault("a code that is not clipped", "aimc_macro_", ["if (plus > 15)", "if (plus > 15 && 1'b0)"]),
  fault("a code rounded down", "aimc_macro_", [/plus \+ \(1 << StepBits >>> 1\) >>> StepBits/, "plus >>> StepBits"]),
  fault("a code without the negative devices", "aimc_macro_", ["plus = plus - minus", "plus = plus"]),
  fault("a code that is not held", "aimc_macro_", ["if (convert_i) begin", "if (1'b1) begin"]),
  fault("a multiplexer that stays", "aimc_macro_7x10_m4", [/\{(\d+)'d0,\s+select_i\}/g, "32'd0"]),
  fault("a random number fires at the count", "ssa_cell", [/(fires = .*) < /, "$1 <= "]),
  fault("a random number fires at the count", "ssa_column_foot", [/(fires = .*) < /, "$1 <= "]),
  fault("a count that goes on", "ssa_cell", [/count_q <= last_i \? \d+'d0 : count_d/, "count_q <= count_d"]),
  fault("a count without its last bit", "ssa_cell", [/(fires = .*)count_d/, "$1count_q"]),
  fault("a score that is not held", "ssa_cell", [/if \(last_i\) begin(\n +score_q)/, "if (1'b1) begin$1"]),
  fault("q or k counts", "ssa_cell", ["hit = query_i & key_i", "hit = query_i | key_i"]),
  fault("a spike that stays", "ssa_column_foot", ["spike_o <= fires", "spike_o <= fires | spike_o"]),
  fault("a memory written at another port's address", "stream_memory", [
    "words[end_address_i] <= end_data_i",
    "words[branch_address_i] <= end_data_i",
  ]),
  fault("a memory written at every clock", "stream_memory", ["if (branch_write_i) begin", "if (1'b1) begin"]),
  fault("a memory that passes on what is written", "stream_memory", [
    "end_data_o = words[end_address_i]",
    "end_data_o = end_write_i ? end_data_i : words[end_address_i]",
  ]),
  fault("vectors taken before start", EDGE, ["s_axis_tready = open_q & ready", "s_axis_tready = ready"]),
  fault("vectors taken before start", EDGE, ["(s_axis_tvalid & open_q)", "(s_axis_tvalid)"]),
  fault(
    "vectors taken before start",
    EDGE,
    ["(s_axis_tvalid & open_q)", "(s_axis_tvalid)"],
    ["open_q & ready", "ready"],
  ),
  fault("a release that is not synchronised", EDGE, [/\.rst_ni( +)\(rst_n\)/, ".rst_ni$1(rst_ni)"]),
  fault("a release that is not synchronised", EDGE, [
    /negedge rst_n\)((?:.|\n)*?)!rst_n\)/,
    "negedge rst_ni)$1!rst_ni)",
  ]),
  fault("a release after one clock", "reset_synchroniser", ["released_q[1]", "released_q[0]"]),
  fault("ready before the release", EDGE, ["awready & rst_n", "awready"]),
  fault("ready before the release", EDGE, [" wready & rst_n", " wready"]),
  fault("ready before the release", EDGE, ["arready & rst_n", "arready"]),
  fault("a reset that test mode does not reach", EDGE, ["test_mode_i ? rst_ni : machine_rst_nq", "machine_rst_nq"]),
  fault("a reset that test mode does not reach", "reset_synchroniser", [/test_mode_i \? rst_ni : /, ""]),
  fault("held write data overwritten", REGISTERS, ["s_axil_wready = !data_held_q", "s_axil_wready = 1'b1"]),
  fault("held write address overwritten", REGISTERS, ["s_axil_awready = !address_held_q", "s_axil_awready = 1'b1"]),
  fault("start while busy reopens the input", REGISTERS, ["start_o = starts & !busy_i", "start_o = starts"]),
  fault("clear leaves a counter", EDGE, [inClear("entered_q"), "$1"]),
  fault("clear leaves a counter", EDGE, [inClear("answered_q"), "$1"]),
  fault("clear leaves the input open", EDGE, [inClear("open_q"), "$1"]),
  fault("clear leaves the edge busy", EDGE, [inClear("running_q"), "$1"]),
  fault("clear leaves an error", REGISTERS, ["{4{clears}} | ", ""]),
  fault("clear touches a configuration register", REGISTERS, [
    "if (done_i) begin",
    "if (clears) begin prompts_q <= '0; end else if (done_i) begin",
  ]),
  fault("clear touches a configuration register", REGISTERS, [
    "if (result_i) begin",
    "if (clears) begin clocks_q <= '0; end else if (result_i) begin",
  ]),
  fault("clear touches a configuration register", REGISTERS, [
    "if (writes_enable) begin",
    "if (clears) begin enable_q <= '0; end else if (writes_enable) begin",
  ]),
  fault("start together with clear", REGISTERS, [" & data_q[0] & !data_q[1];", " & data_q[0];"]),
  fault(
    "start together with clear",
    REGISTERS,
    [" & data_q[0] & !data_q[1];", " & data_q[0];"],
    ["clears = writes_control & data_q[1]", "clears = writes_control & data_q[1] & !data_q[0]"],
  ),
  fault("partial strobes on seeds", REGISTERS, [
    "writes_seed = write & &strobe_q & is_seed",
    "writes_seed = write & is_seed",
  ]),
  fault("partial strobes on seeds", REGISTERS, [
    "writes_seed = write & &strobe_q & is_seed",
    "writes_seed = write & strobe_q[0] & is_seed",
  ]),
  fault("partial strobes on a command", REGISTERS, [/writes_control = write & &strobe_q/, "writes_control = write"]),
  fault("a counter moves early", EDGE, [/\.done_i +\(done\)/, ".done_i (given)"]),
  fault("a counter moves early", EDGE, [/\.done_i +\(done\)/, ".done_i (taken & is_last)"]),
  fault("a counter moves early", EDGE, ["done = given & m_axis_tlast", "done = m_axis_tvalid & m_axis_tlast"]),
  fault("a counter moves early", REGISTERS, ["if (result_i) begin", "if (machine_busy_i) begin"]),
  fault("a counter moves early", EDGE, ["if (given) begin", "if (m_axis_tvalid) begin"]),
  fault("a seed written while busy", REGISTERS, ["seed_write_o = writes_seed & !busy_i", "seed_write_o = writes_seed"]),
  fault("a number overwrites the one that waits", REGISTERS, [
    "expand_o = writes_expand & expandable",
    "expand_o = writes_expand",
  ]),
  fault("partial strobes on a number", REGISTERS, [/writes_expand = write & &strobe_q/, "writes_expand = write"]),
  fault("a wrong seed", EXPANDER, ["32'h1bd11bda", "32'h1bd11bdb"]),
  fault("a wrong seed", EXPANDER, ["32'h80000000", "32'h0"]),
  fault("a wrong seed", EXPANDER, ["number_q <= number_i", "number_q <= number_i + 32'd1"]),
  fault("seeds in a wrong place", EXPANDER, ["copied_q <= read_q", "copied_q <= read_q + 1'd1"]),
  fault("a number that does not count as waiting", EXPANDER, [
    "occupied_o = expanding_q | held_q",
    "occupied_o = held_q",
  ]),
  fault("a number that counts as waiting after its start", EXPANDER, [/if \(clear_i \| ends_copy\)/, "if (clear_i)"]),
  fault("a clear leaves a number", EXPANDER, [/if \(clear_i \| ends_copy\)/, "if (ends_copy)"]),
  fault("vectors taken before the seeds", EDGE, ["open_q <= !occupied", "open_q <= 1'd1"]),
  fault("a start that does not take the seeds", EDGE, [/\.take_i( +)\(start & occupied\)/, ".take_i$1(1'b0)"]),
  fault("a response that is not held", REGISTERS, ["if (bvalid_q & s_axil_bready) begin", "if (bvalid_q) begin"]),
  fault("a read that is not held", REGISTERS, ["end else if (s_axil_rready) begin", "end else if (1'b1) begin"]),
  fault("an early tlast does not close the input", EDGE, ["if (is_last | is_wrong) begin", "if (is_last) begin"]),
  fault("a clear does not reach the machine", EDGE, ["machine_rst_nq <= !clear", "machine_rst_nq <= 1'd1"]),
  fault("busy only while the machine is", EDGE, ["runs = running_q | machine_busy", "runs = machine_busy"]),
  fault("busy only until the last answer", EDGE, ["runs = running_q | machine_busy", "runs = running_q"]),
  fault("a prompt is lost in the queue", QUEUE, ["if (submit_i & !pops)", "if (submit_i & !pops & !runs_i)"]),
  fault("a prompt is lost in the queue", QUEUE, ["pops = valid & !occupied_i", "pops = valid"]),
  fault("a prompt counts twice in the queue", QUEUE, ["if (submit_i & !pops)", "if (submit_i)"]),
  fault("a queue of prompts that is full one late", QUEUE, ["full_o = queued_q == 4'd8", "full_o = queued_q > 4'd8"]),
  fault("a queue of prompts that is full one early", QUEUE, ["full_o = queued_q == 4'd8", "full_o = queued_q > 4'd6"]),
  fault("the last prompt comes first", QUEUE, ["numbers_q[head_q]", "numbers_q[tail_q - 3'd1]"]),
  fault("a clear leaves prompts in the queue", QUEUE, [inClear("queued_q"), "$1"]),
  fault("a clear leaves prompts in the queue", QUEUE, [inClear("head_q"), "$1"]),
  fault("a clear leaves prompts in the queue", QUEUE, [inClear("tail_q"), "$1"]),
  fault("a clear leaves prompts in the queue", QUEUE, [inClear("next_q"), "$1"]),
  fault("a prompt of the queue starts while another runs", QUEUE, ["start_o = next_q & !runs_i", "start_o = next_q"]),
  fault("a prompt of the queue starts again", QUEUE, [/(if \(start_o\) begin\n +next_q <= )'0/, "$1next_q"]),
  fault("seeds of the wrong prompt", EDGE, ["pops ? first_number : seed_data", "seed_data"]),
  fault("answers with the wrong number", EDGE, ["occupied ? expanded : 32'd0", "expanded"]),
  fault("answers with the wrong number", EDGE, ["m_axis_tuser = number_q", "m_axis_tuser = expanded"]),
  fault("answers with the wrong number", REGISTERS, ["done_q <= number_i", "done_q <= data_q"]),
  fault("a start between prompts of the queue", EDGE, ["busy = runs | waits", "busy = runs"]),
  fault("a full queue takes a number", REGISTERS, [
    "submit_o = writes_submit & submittable",
    "submit_o = writes_submit",
  ]),
  fault("a submitted number passes one of the host", REGISTERS, ["!(full_i | claimed_i)", "!full_i"]),
  fault("a number of the host passes a submitted one", REGISTERS, ["!(occupied_i | waits_i)", "!occupied_i"]),
  fault("a refused number is no error", REGISTERS, ["{writes_submit & !submittable, ", "{1'b0, "]),
  fault("partial strobes on a number", REGISTERS, [/writes_submit = write & &strobe_q/, "writes_submit = write"]),
  fault("drained while prompts wait", REGISTERS, ["{done_i & !waits_i,", "{done_i,"]),
  fault("room for one too many", REGISTERS, ["4'd8 - queued_i", "4'd9 - queued_i"]),
];

/** Sources with the fault, by name: each is one experiment. Throws Error when a source does not say what it should. */
export function planted({ kind, source, changes }: PlantedFault, files: SourceFiles): [string, string][] {
  const names = Object.keys(files).filter((name) => name.startsWith(source) && name.endsWith(".sv"));
  return names.flatMap((name): [string, string][] => {
    const text = changes.reduce((before, [from, to]) => before.replace(from, to), files[name]);
    if (text !== files[name]) return [[name, text]];
    // Only guarded queues have a full flag.
    if (source === "spike_queue_") return [];
    throw new Error(`${name} has no place for: ${kind}`);
  });
}
