/** Maximum likelihood at the last query of a prompt: the sphere decoder, compared with trying every class. */
import { symbolDetectionSpec } from "../src/experiment/task.ts";
import { stream } from "../src/numeric/stream.ts";
import { constellation, receivedPoints, squaredDistance } from "../src/task/link.ts";
import { type Decoder, sphereDecoder } from "../src/task/sphere-decoder.ts";
import { type PromptBatch, symbolDetection } from "../src/task/symbol-detection.ts";
import { type BenchOptions, measure, median, type Row, type Section } from "./harness.ts";
import { requireSameWork } from "./same-work.ts";

const PROMPTS = 64;
const LINKS = [
  [2, "qpsk"],
  [4, "qpsk"],
  [2, "64qam"],
  [6, "qpsk"],
  [4, "16qam"],
  [8, "qpsk"],
] as const;

export async function receivers({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const [antennas, modulation] of quick ? LINKS.slice(0, 3) : LINKS) {
    const size = { transmitAntennas: antennas, receiveAntennas: antennas };
    const spec = symbolDetectionSpec.parse({ ...size, modulation });
    const batch = symbolDetection(spec, 1).draw(PROMPTS, stream(1), { spikes: false, values: false });
    const search = sphereDecoder(spec);
    const list = allClasses(batch);
    const name = `${antennas} x ${antennas}, ${modulation}`;
    requireSameWork(
      name,
      { name: "every class", work: { decisions: decisions(batch, list) } },
      { name: "the sphere decoder", work: { decisions: decisions(batch, search) } },
    );
    const tried = await measure(() => decisions(batch, list), { repeats: quick ? 3 : 5 });
    const searched = await measure(() => decisions(batch, search), { repeats: quick ? 3 : 9 });
    const each = (milliseconds: number) => (1000 * milliseconds) / PROMPTS;
    const ratio = median(tried.cpu) / median(searched.cpu);
    rows.push(
      { name: `${name}, every class`, samples: tried, figures: { "us/decision": each(median(tried.cpu)) } },
      {
        name: `${name}, sphere decoder`,
        samples: searched,
        figures: { "us/decision": each(median(searched.cpu)), "times faster": ratio },
      },
    );
  }
  const about = `${PROMPTS} prompts at 0 to 30 dB, the true channel, one thread.`;
  return { name: "receivers", about, rows, notes: [] };
}

/** The last query of each prompt. */
function decisions({ spec, prompts, channels, quantised }: PromptBatch, decide: Decoder): Int32Array {
  const { transmitAntennas: nt, receiveAntennas: nr, pilots } = spec;
  return Int32Array.from({ length: prompts }, (_, k) =>
    decide(channels, 2 * nr * nt * k, quantised, 2 * nr * (k * (pilots + 1) + pilots)),
  );
}

function allClasses({ spec }: PromptBatch): Decoder {
  const points = constellation(spec);
  const length = 2 * spec.receiveAntennas;
  const noiseless = new Float64Array((points.length / (2 * spec.transmitAntennas)) * length);
  return (channel, offset, y, at) => {
    receivedPoints(channel, offset, points, spec, noiseless);
    let [best, nearest] = [0, Number.POSITIVE_INFINITY];
    for (let c = 0; c * length < noiseless.length; c++) {
      const distance = squaredDistance(y, at, noiseless, c * length, length);
      if (distance < nearest) [best, nearest] = [c, distance];
    }
    return best;
  };
}
