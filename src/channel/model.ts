/**
 * A channel as taps: delays and powers, which a draw gives complex gains over time, and how the gains of a tap hang together over
 * time. A tap is a path of a delay line; the power of all taps is 1.
 */
import type { DrawnChannelSpec } from "../experiment/channel.ts";
import { clusteredChannel } from "./clustered.ts";
import { tappedChannel } from "./tapped.ts";
import type { ChannelModel } from "./taps.ts";

/**
 * The model of a spec between so many antennas.
 * Throws  ValueError for correlation matrices of other sizes, or an odd number of antennas that are paired by polarisation
 */
export function channelModel(spec: DrawnChannelSpec, transmitAntennas: number, receiveAntennas: number): ChannelModel {
  switch (spec.kind) {
    case "iid":
    case "tdl":
      return tappedChannel(spec, transmitAntennas, receiveAntennas);
    case "cdl":
      return clusteredChannel(spec, transmitAntennas, receiveAntennas);
  }
}
