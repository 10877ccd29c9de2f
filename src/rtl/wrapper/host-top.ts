/**
 * Generator of the machine as buses of systems-on-chip take it: `xpike_axi` whose streams have a power of two of bytes, with tkeep, as
 * DMA engines have them. A prompt is a packet of all its vectors, without bytes in between; its answers come as one packet too.
 */
import { SpecError } from "../../errors.ts";
import { addressBits, type MachineFacts } from "../axi/register-map.ts";
import { axiLitePorts } from "../axi/registers.ts";
import { NUMBER_BITS } from "../axi/seed-expander.ts";
import { AXI_TOP, streamSizes } from "../axi/top.ts";
import { unused } from "../encoder.ts";
import { TEST_MODE } from "../reset-synchroniser.ts";
import * as sv from "../syntax.ts";
import { streamBytes, streamBytesName } from "./stream-bytes.ts";

export const HOST_TOP = "xpike_host";

/** Bits of the streams at a bus. */
export const STREAM_BITS = [32, 64, 128, 256, 512, 1024] as const;

/** Bytes of a prompt's packets and their beats. */
export interface Packets {
  /** Of a beat at the bus. */
  readonly beat: number;
  readonly vector: number;
  readonly answer: number;
  /** Of a prompt. */
  readonly vectors: number;
  readonly answers: number;
}

/** @param bits of the streams at the bus */
export function packetsOf(facts: MachineFacts, bits: number): Packets {
  const { input, output } = streamSizes(facts);
  const [vector, answer] = [input / 8, output / 8];
  return { beat: bits / 8, vector, answer, vectors: vector * facts.vectors, answers: answer * facts.answers };
}

const counted = (bytes: number) => (bytes === 1 ? "a byte" : `${bytes} bytes`);

/** @param bits of the streams at the bus */
export const hostPorts = (facts: MachineFacts, bits: number): sv.Port[] => [
  ...sv.CLOCKED,
  TEST_MODE,
  ...axiLitePorts(addressBits(facts.windowWords)),
  sv.input("s_axis_tdata", bits),
  sv.input("s_axis_tkeep", bits / 8),
  sv.input("s_axis_tlast"),
  sv.input("s_axis_tvalid"),
  sv.output("s_axis_tready"),
  sv.output("m_axis_tdata", bits),
  sv.output("m_axis_tkeep", bits / 8),
  sv.output("m_axis_tlast"),
  sv.output("m_axis_tvalid"),
  sv.input("m_axis_tready"),
  sv.output("irq_o"),
];

/**
 * Modules around `xpike_axi`, leaves first.
 *
 * @param bits of the streams at the bus
 * Throws  SpecError for a width that buses do not have
 */
export function hostModules(facts: MachineFacts, bits: number): sv.Module[] {
  if (!STREAM_BITS.some((one) => one === bits))
    throw new SpecError("--stream-bits", `A bus has ${STREAM_BITS.join(", ")} bits, not ${bits}.`);
  const { beat, vector, answer } = packetsOf(facts, bits);
  const widths = new Map(
    [
      [beat, vector],
      [answer, beat],
    ].map(([from, to]) => [streamBytesName(from, to), streamBytes(from, to)]),
  );
  return [...widths.values(), hostTop(facts, bits)];
}

function hostTop(facts: MachineFacts, bits: number): sv.Module {
  const { beat, vector, answer } = packetsOf(facts, bits);
  const ports = hostPorts(facts, bits);
  const lite = ports.filter(({ name }) => name.startsWith("s_axil_"));
  const declared = [
    sv.logic(1, "streams_rst_n"),
    sv.logic(8 * vector, "vector"),
    sv.logic(vector, "vector_keep"),
    sv.logic(1, "vector_last", "vector_valid", "vector_ready"),
    sv.logic(8 * answer, "answer"),
    sv.logic(1, "answer_last", "answer_valid", "answer_ready"),
    sv.logic(NUMBER_BITS, "number"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const clocked = { clk_i: s.clk_i, rst_ni: s.streams_rst_n };
  return {
    name: HOST_TOP,
    header: [
      `${AXI_TOP} with streams of ${beat} bytes. A packet at s_axis is a prompt: ${facts.vectors} vectors of ${counted(vector)}, one behind the other, tlast with the last beat. ` +
        `A packet at m_axis is its ${facts.answers === 1 ? "answer" : `${facts.answers} answers`} of ${counted(answer)}. tkeep has ones from bit 0 on, and zeros in a last beat alone.`,
      "A clear of the machine also drops the bytes that wait here. The prompt's number, tuser of the machine, is in the register ANSWERED.",
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      sv.instance(streamBytesName(beat, vector), "u_vectors", {
        ...clocked,
        in_data_i: s.s_axis_tdata,
        in_keep_i: s.s_axis_tkeep,
        in_last_i: s.s_axis_tlast,
        in_valid_i: s.s_axis_tvalid,
        in_ready_o: s.s_axis_tready,
        out_data_o: s.vector,
        out_keep_o: s.vector_keep,
        out_last_o: s.vector_last,
        out_valid_o: s.vector_valid,
        out_ready_i: s.vector_ready,
      }),
      sv.gap,
      sv.instance(AXI_TOP, "u_axi", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        test_mode_i: s.test_mode_i,
        ...Object.fromEntries(lite.map((pin) => [pin.name, pin])),
        s_axis_tdata: s.vector,
        s_axis_tlast: s.vector_last,
        s_axis_tvalid: s.vector_valid,
        s_axis_tready: s.vector_ready,
        m_axis_tdata: s.answer,
        m_axis_tuser: s.number,
        m_axis_tlast: s.answer_last,
        m_axis_tvalid: s.answer_valid,
        m_axis_tready: s.answer_ready,
        irq_o: s.irq_o,
        streams_rst_no: s.streams_rst_n,
      }),
      sv.gap,
      sv.instance(streamBytesName(answer, beat), "u_answers", {
        ...clocked,
        in_data_i: s.answer,
        in_keep_i: sv.ones,
        in_last_i: s.answer_last,
        in_valid_i: s.answer_valid,
        in_ready_o: s.answer_ready,
        out_data_o: s.m_axis_tdata,
        out_keep_o: s.m_axis_tkeep,
        out_last_o: s.m_axis_tlast,
        out_valid_o: s.m_axis_tvalid,
        out_ready_i: s.m_axis_tready,
      }),
      sv.gap,
      ...unused("beside", sv.concat(s.vector_keep, s.number)),
    ],
  };
}
