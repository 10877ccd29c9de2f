// The table of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";

const stuck = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Mean and standard deviation. */
const plusMinus = (values) => {
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(4)} ± ${Math.sqrt(variance).toFixed(4)}`;
};

export const stuckDeviceTables = {
  "stuck-devices": () => {
    const [whole, faulty] = [0, 1].map((row) => meanOf(stuck.rows[row].rates));
    return {
      head: [
        `training; bit error rate, ${stuck.chips} chips ± standard deviation`,
        "no stuck devices",
        "1 % stuck",
        "loss recovered",
      ],
      rows: [0, 2].map((row) => {
        const [without, withFaults] = [stuck.rows[row], stuck.rows[row + 1]];
        return [
          without.training,
          plusMinus(without.rates),
          plusMinus(withFaults.rates),
          row === 0 ? "" : percent((faulty - meanOf(withFaults.rates)) / (faulty - whole)),
        ];
      }),
    };
  },
};
