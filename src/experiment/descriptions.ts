/** What each field means: the doc comments of the schemas, collected by `descriptions.test.ts`. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  $schema: "For editors only; ignored.",
  name: "Title of the report.",
  seed: "Seed of every random stream of the run.",
  task: "The data: what a prompt contains and what to predict.",
  "task[0].kind": "In-context symbol detection on a MIMO link: the paper's decoder.",
  "task[0].transmitAntennas":
    "Transmit antennas Nt, at most 16 bits per channel use together. With many, use `model.readOut` `bits`.",
  "task[0].receiveAntennas": "Receive antennas Nr.",
  "task[0].modulation": "Constellation of each antenna. QPSK comes closest to the paper's bit error rates.",
  "task[0].snrDecibels": "Signal-to-noise ratio, dB; a range is drawn from once per prompt.",
  "task[0].snrDecibels[1].min": "Lowest ratio.",
  "task[0].snrDecibels[1].max": "Highest ratio.",
  "task[0].noise":
    "Complex noise variance at s dB: `standard` is 10^(-s/10); `doubled` is twice that, as in the public baseline code.",
  "task[0].receiverBits": "Bits of the mid-rise receive quantiser, for each real and imaginary part.",
  "task[0].receiverRange": "Full scale of the receive quantiser, which covers -range to range.",
  "task[0].pilots": "Known (y, x) pairs before the query. The paper uses 18.",
  "task[0].tokens":
    "Token layout. `query-context`: tokens (y, 0) and (y, x) for each pair; `shifted`: (y_i, x_(i-1)); `interleaved`: y_1, x_1, y_2, ... as in the public baseline.",
  "task[0].queryCopies":
    "Copies of the last query, whose logits are averaged (test-time repetition); `every` copies each query. Only for spiking networks that draw random numbers. Left out: 1.",
  "task[0].queryCopies[1].every": "Copies of every query, not only of the last.",
  "task[0].coding":
    "How values enter a spiking network. `bits`: the quantiser's bits; `thermometer`: one line per threshold exceeded; `bernoulli`: a draw per value and time step; `repeat`: the real value, which needs a DAC.",
  "task[1].kind": "Symbol detection on a slot: many data symbols share its pilots.",
  "task[1].transmitAntennas": "Transmit antennas, at most 16 bits per element together.",
  "task[1].receiveAntennas": "Receive antennas.",
  "task[1].modulation": "Constellation of each antenna's data; pilots are QPSK.",
  "task[1].channel": "Radio channel and grid of a prompt.",
  "task[1].channel[0].kind": "One Rayleigh tap for each pair of antennas.",
  "task[1].channel[0].carrierGigahertz": "Carrier frequency, GHz.",
  "task[1].channel[0].speedMetresPerSecond": "Speed of the receiver, metres per second; 1 m/s is 3.6 km/h.",
  "task[1].channel[0].subcarriers": "Subcarriers; a resource block has 12.",
  "task[1].channel[0].spacingKilohertz": "Distance of subcarriers, kHz.",
  "task[1].channel[0].symbols": "OFDM symbols of a slot.",
  "task[1].channel[0].cyclicPrefix": "Cyclic prefix as a share of an OFDM symbol; the normal one of 5G is 144 / 2048.",
  "task[1].channel[0].pilots": "Reference symbols (DMRS).",
  "task[1].channel[0].pilots.symbols": "OFDM symbols with pilots, counted from 0.",
  "task[1].channel[0].pilots.comb": "Subcarriers per pilot of an antenna, at least the transmit antennas.",
  "task[1].channel[0].pilots.boostDecibels": "Power of a pilot over a data symbol, dB.",
  "task[1].channel[0].correlation": "Correlation of antennas, by name (TS 36.101, B.2.3) or as matrices.",
  "task[1].channel[0].correlation[1].transmit": "Of transmit antennas, Hermitian with ones on its diagonal.",
  "task[1].channel[0].correlation[1].receive": "Of receive antennas.",
  "task[1].channel[1].kind": "A tapped delay line of TR 38.901, table 7.7.2.",
  "task[1].channel[1].profile": "Delay line; D and E have a line of sight.",
  "task[1].channel[1].delaySpreadNanoseconds": "RMS delay spread, nanoseconds.",
  "task[1].channel[1].carrierGigahertz": "Carrier frequency, GHz.",
  "task[1].channel[1].speedMetresPerSecond": "Speed of the receiver, metres per second; 1 m/s is 3.6 km/h.",
  "task[1].channel[1].subcarriers": "Subcarriers; a resource block has 12.",
  "task[1].channel[1].spacingKilohertz": "Distance of subcarriers, kHz.",
  "task[1].channel[1].symbols": "OFDM symbols of a slot.",
  "task[1].channel[1].cyclicPrefix": "Cyclic prefix as a share of an OFDM symbol; the normal one of 5G is 144 / 2048.",
  "task[1].channel[1].pilots": "Reference symbols (DMRS).",
  "task[1].channel[1].pilots.symbols": "OFDM symbols with pilots, counted from 0.",
  "task[1].channel[1].pilots.comb": "Subcarriers per pilot of an antenna, at least the transmit antennas.",
  "task[1].channel[1].pilots.boostDecibels": "Power of a pilot over a data symbol, dB.",
  "task[1].channel[1].correlation": "Correlation of antennas, by name (TS 36.101, B.2.3) or as matrices.",
  "task[1].channel[1].correlation[1].transmit": "Of transmit antennas, Hermitian with ones on its diagonal.",
  "task[1].channel[1].correlation[1].receive": "Of receive antennas.",
  "task[1].channel[2].kind": "A clustered delay line of TR 38.901, table 7.7.1, between two linear arrays.",
  "task[1].channel[2].profile": "Delay line; D and E have a line of sight.",
  "task[1].channel[2].delaySpreadNanoseconds": "RMS delay spread, nanoseconds.",
  "task[1].channel[2].carrierGigahertz": "Carrier frequency, GHz.",
  "task[1].channel[2].speedMetresPerSecond": "Speed of the receiver, metres per second; 1 m/s is 3.6 km/h.",
  "task[1].channel[2].subcarriers": "Subcarriers; a resource block has 12.",
  "task[1].channel[2].spacingKilohertz": "Distance of subcarriers, kHz.",
  "task[1].channel[2].symbols": "OFDM symbols of a slot.",
  "task[1].channel[2].cyclicPrefix": "Cyclic prefix as a share of an OFDM symbol; the normal one of 5G is 144 / 2048.",
  "task[1].channel[2].pilots": "Reference symbols (DMRS).",
  "task[1].channel[2].pilots.symbols": "OFDM symbols with pilots, counted from 0.",
  "task[1].channel[2].pilots.comb": "Subcarriers per pilot of an antenna, at least the transmit antennas.",
  "task[1].channel[2].pilots.boostDecibels": "Power of a pilot over a data symbol, dB.",
  "task[1].channel[2].directionDegrees": "Azimuth in which the receiver moves, degrees.",
  "task[1].channel[2].transmitSpacing": "Distance of transmit antennas, wavelengths.",
  "task[1].channel[2].receiveSpacing": "Distance of receive antennas, wavelengths.",
  "task[1].channel[2].polarisation": "`single`: vertical; `cross`: pairs slanted by +45 and -45 degrees.",
  "task[1].channel[3].kind": "Channels that another program computed, such as Sionna; for commands, not for browsers.",
  "task[1].channel[3].file":
    "An `.npz`, `.npy` or HDF5 file with `h_freq`, or `a` and `tau`, relative to the experiment; 80, 10 and 10 % are for each part.",
  "task[1].channel[3].firstSubcarrier": "First subcarrier of the window of `h_freq`.",
  "task[1].channel[3].subcarriers": "Subcarriers; a resource block has 12.",
  "task[1].channel[3].spacingKilohertz": "Distance of subcarriers, kHz.",
  "task[1].channel[3].symbols": "OFDM symbols of a slot.",
  "task[1].channel[3].cyclicPrefix": "Cyclic prefix as a share of an OFDM symbol; the normal one of 5G is 144 / 2048.",
  "task[1].channel[3].pilots": "Reference symbols (DMRS).",
  "task[1].channel[3].pilots.symbols": "OFDM symbols with pilots, counted from 0.",
  "task[1].channel[3].pilots.comb": "Subcarriers per pilot of an antenna, at least the transmit antennas.",
  "task[1].channel[3].pilots.boostDecibels": "Power of a pilot over a data symbol, dB.",
  "task[1].snrDecibels": "Signal-to-noise ratio of an antenna's data symbol, dB, drawn per prompt.",
  "task[1].snrDecibels.min": "Lowest ratio.",
  "task[1].snrDecibels.max": "Highest ratio.",
  "task[1].receiverBits": "Bits of the receive quantiser, for each part.",
  "task[1].receiverRange": "Full scale of the quantiser.",
  "task[1].coding":
    "How a receive sample enters a spiking network: the quantiser's bits, or a line per threshold exceeded.",
  "task[1].positions":
    "Lines of a token's place, each with its opposite: one per step (`thermometer`: near places share lines) or per bit (`binary`).",
  "task[2].kind": "A vision transformer: each patch of an image is a token.",
  "task[2].data": "Labelled images: a published data set by name, or the sizes of your own.",
  "task[2].data[1].name": "Name.",
  "task[2].data[1].folder": "Folder of the data, relative to this file; `--data` overrides it.",
  "task[2].data[1].height": "Height in pixels.",
  "task[2].data[1].width": "Width in pixels.",
  "task[2].data[1].channels": "Channels: 1 for grey, 3 for colour.",
  "task[2].data[1].classes": "Classes to tell apart.",
  "task[2].patch":
    "Side of a square patch, pixels; it must divide height and width. The paper: 4 for 32 x 32 images, 16 for 224 x 224.",
  "task[2].shift":
    "Shifted-patch tokens: a token also holds its patch moved by this many pixels in four directions. 0: off.",
  "task[2].readOut":
    "`mean` averages the logits over all tokens; `class-token` reads them from one extra token with zero input, as in the paper's vision transformers; `stream-mean` averages what the last neurons read.",
  "task[2].coding":
    "How pixels enter a spiking network. `bernoulli`: a draw per pixel and time step (equation 1); `bits`: the highest bits; `thermometer`: one line per threshold reached; `repeat`: the real value, which needs a DAC.",
  "task[2].pixelBits":
    "With coding `bits`: how many of a pixel's 8 bits to use, from the highest. Fewer than 4 leave visible grey steps.",
  "task[2].thresholds": "With coding `thermometer`: lines per pixel, one for each of these equally spaced thresholds.",
  "task[2].remainderBits":
    "With coding `thermometer`: extra bits per pixel for its distance above the threshold, as in a segmented converter.",
  "task[2].crop":
    "Training images are moved by up to this many pixels each way and padded with black. 0: off. Customary for CIFAR-10: 4.",
  "task[2].flip": "Mirrors every other training image on average. Unsuitable for digits.",
  "task[2].cutout":
    "Side of a square blacked out at a random place in each training image (Cutout, arXiv 1708.04552). Customary for CIFAR-10: 16. Left out: off.",
  "task[3].kind": "A transformer on event-camera recordings, whose events enter as spikes.",
  "task[3].data":
    "Labelled recordings: a known data set by name, or the sizes of your own. `moving-bars` is synthetic and needs no files.",
  "task[3].data[1].name": "Name.",
  "task[3].data[1].folder": "Folder of the data, relative to this file; `--data` overrides it.",
  "task[3].data[1].height": "Height of the sensor in pixels.",
  "task[3].data[1].width": "Width of the sensor in pixels.",
  "task[3].data[1].classes": "Classes to tell apart.",
  "task[3].patch": "Side of the square of pixels that makes a token. Pixels beyond the sensor's edge see no events.",
  "task[3].frames":
    "Frames used of each recording; later ones are ignored. Each time step sees one frame, and further steps start over.",
  "task[3].frameMicroseconds": "Frame length, microseconds. Shorter frames keep more timing and need more steps.",
  "task[3].coding":
    "Events are already spikes. Each pixel has two lines, darker and brighter, on if the frame has such an event.",
  model: "The network's architecture.",
  "model[0].kind": "Pre-LayerNorm GPT block with softmax attention.",
  "model[0].width": "Model width D, a multiple of 8 because spikes are packed into bytes.",
  "model[0].depth": "Blocks, each attention followed by feed-forward.",
  "model[0].heads": "Attention heads H; d_K is width / heads.",
  "model[0].expansion": "Feed-forward width as a multiple of D.",
  "model[0].position": "A vector per token position. In-context examples are exchangeable, so the default is none.",
  "model[0].stem":
    "Convolutional stem for images, which makes fewer tokens of the patches (with `task.patch` 1, of the pixels). Left out: every patch is a token.",
  "model[0].stem.layers": "Convolutions with neurons, in the order an image passes them.",
  "model[0].stem.layers.channels": "Output channels of the layer.",
  "model[0].stem.layers.kernel": "Side of the window in pixels, zero-padded at the edges.",
  "model[0].stem.layers.stride": "Pixels between neighbouring windows.",
  "model[0].stem.layers.pool": "Side of the max-pooling window; for spikes, 1 if any input spikes. 1: no pooling.",
  "model[0].stem.layers.poolWindow": "Side of overlapping max-pooling windows. Left out: `pool`.",
  "model[0].stem.layers.poolOf": "`currents`: pooled before the neurons. Left out: `spikes`.",
  "model[0].stem.embedding": "Last convolution, in the role of the embedding; its output pixels are the tokens.",
  "model[0].stem.embedding.kernel": "Side of the window in pixels, zero-padded at the edges.",
  "model[0].stem.embedding.stride": "Pixels between neighbouring windows.",
  "model[0].stem.embedding.shortcut":
    "Adds the last layer's currents, or with `residual` `spikes` its spikes, to the result. Left out: false.",
  "model[0].stem.embedding.trains": "With `residual` `spikes`: spike trains that are added. Left out: 1.",
  "model[0].readOut":
    "For symbol detection. `joint`: one logit per class; `bits`: one logit per bit, which gives fewer outputs and soft bits. Left out: `joint`.",
  "model[0].activation":
    "Between the feed-forward layers. `gelu`: exact, PyTorch's default; `gelu-tanh`: its approximation in GPT-2. Left out: `gelu-tanh`.",
  "model[0].quantization": "Bits of an ANN that was trained for few. Left out: floating point.",
  "model[0].quantization.weights": "Bits of a weight; `binary`: a sign times the mean |w| of its column.",
  "model[0].quantization.activations": "Bits of a layer's input; `binary`: two learned values.",
  "model[1].kind": "Linear layers followed by spiking neurons, with the residual added before the neuron.",
  "model[1].width": "Model width D, a multiple of 8 because spikes are packed into bytes.",
  "model[1].depth": "Blocks, each attention followed by feed-forward.",
  "model[1].heads": "Attention heads H; d_K is width / heads.",
  "model[1].expansion": "Feed-forward width as a multiple of D.",
  "model[1].position": "A vector per token position. In-context examples are exchangeable, so the default is none.",
  "model[1].stem":
    "Convolutional stem for images, which makes fewer tokens of the patches (with `task.patch` 1, of the pixels). Left out: every patch is a token.",
  "model[1].stem.layers": "Convolutions with neurons, in the order an image passes them.",
  "model[1].stem.layers.channels": "Output channels of the layer.",
  "model[1].stem.layers.kernel": "Side of the window in pixels, zero-padded at the edges.",
  "model[1].stem.layers.stride": "Pixels between neighbouring windows.",
  "model[1].stem.layers.pool": "Side of the max-pooling window; for spikes, 1 if any input spikes. 1: no pooling.",
  "model[1].stem.layers.poolWindow": "Side of overlapping max-pooling windows. Left out: `pool`.",
  "model[1].stem.layers.poolOf": "`currents`: pooled before the neurons. Left out: `spikes`.",
  "model[1].stem.embedding": "Last convolution, in the role of the embedding; its output pixels are the tokens.",
  "model[1].stem.embedding.kernel": "Side of the window in pixels, zero-padded at the edges.",
  "model[1].stem.embedding.stride": "Pixels between neighbouring windows.",
  "model[1].stem.embedding.shortcut":
    "Adds the last layer's currents, or with `residual` `spikes` its spikes, to the result. Left out: false.",
  "model[1].stem.embedding.trains": "With `residual` `spikes`: spike trains that are added. Left out: 1.",
  "model[1].readOut":
    "For symbol detection. `joint`: one logit per class; `bits`: one logit per bit, which gives fewer outputs and soft bits. Left out: `joint`.",
  "model[1].steps": "Time steps T. More steps average out randomness, but cost energy and time.",
  "model[1].attention": "How attention scores and outputs become spikes.",
  "model[1].attention[0].kind": "Samples Bernoulli bits (Algorithm 1 of the paper).",
  "model[1].attention[0].scoreGain":
    "Score probability min(1, scoreGain sum(Q and K) / d_K). A gain of 1 leaves attention almost silent.",
  "model[1].attention[0].valueGain": "Output probability min(1, valueGain sum(S and V) / N).",
  "model[1].attention[0].draws":
    "Random numbers over time steps. `independent`: new at every step; `stratified`: one shared draw plus offsets, for less variance; `ordered`: constants instead, as in ordered dithering.",
  "model[1].attention[1].kind":
    "Neurons on scores and outputs, with the gains of stochastic attention: the digital baseline.",
  "model[1].attention[1].scoreGain":
    "Score probability min(1, scoreGain sum(Q and K) / d_K). A gain of 1 leaves attention almost silent.",
  "model[1].attention[1].valueGain": "Output probability min(1, valueGain sum(S and V) / N).",
  "model[1].attention[2].kind": "Spikformer: neurons on (Q K^T) V.",
  "model[1].attention[2].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[3].kind": "Spike-driven Transformer: a neuron per channel counts K and V, and gates Q.",
  "model[1].attention[3].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[4].kind": "Spike-driven Transformer V2: neurons on Q (K^T V).",
  "model[1].attention[4].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[5].kind": "QKFormer: a neuron per token counts Q, and gates K. It mixes no tokens.",
  "model[1].attention[5].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[6].kind": "QKFormer: a neuron per channel counts Q, and gates K.",
  "model[1].attention[6].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[7].kind": "Scores count equal bits of Q and K: two ones 1, two zeros alpha.",
  "model[1].attention[7].alpha": "What two zeros count.",
  "model[1].attention[7].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[8].kind": "A score is 1 where Q and K share enough ones.",
  "model[1].attention[8].cut": "Shared ones from which a score is 1.",
  "model[1].attention[8].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[9].kind": "Control: spikformer, with random weights of q and k that are not trained.",
  "model[1].attention[9].scale": "Current of a neuron per unit of its sum.",
  "model[1].attention[10].kind": "Control: A = V.",
  "model[1].neuron": "The neuron after every linear layer.",
  "model[1].neuron[0].kind": "Leaky integrate-and-fire.",
  "model[1].neuron[0].beta":
    "Leak in V = beta V + I. 0.5 is one right shift of the membrane register (section IV-A2 of the paper).",
  "model[1].neuron[0].threshold": "The neuron fires when V >= threshold (equation 3).",
  "model[1].neuron[0].reset":
    "After a spike, `hard` sets the membrane to 0 (equation 3); `soft` subtracts the threshold.",
  "model[1].neuron[1].kind": "Integrate-and-fire without leak: V = V + I.",
  "model[1].neuron[1].threshold": "The neuron fires when V >= threshold (equation 3).",
  "model[1].neuron[1].reset":
    "After a spike, `hard` sets the membrane to 0 (equation 3); `soft` subtracts the threshold.",
  "model[1].neuron[2].kind": "Parametric LIF: each layer of neurons learns its leak.",
  "model[1].neuron[2].beta": "Leak at the start of training.",
  "model[1].neuron[2].threshold": "The neuron fires when V >= threshold (equation 3).",
  "model[1].neuron[2].reset":
    "After a spike, `hard` sets the membrane to 0 (equation 3); `soft` subtracts the threshold.",
  "model[1].neuron[3].kind": "Adaptive LIF: a spike raises the threshold for a while.",
  "model[1].neuron[3].beta":
    "Leak in V = beta V + I. 0.5 is one right shift of the membrane register (section IV-A2 of the paper).",
  "model[1].neuron[3].rise": "Rise of the threshold after a spike.",
  "model[1].neuron[3].decay": "Share of the rise that remains a step later.",
  "model[1].neuron[3].threshold": "The neuron fires when V >= threshold (equation 3).",
  "model[1].neuron[3].reset":
    "After a spike, `hard` sets the membrane to 0 (equation 3); `soft` subtracts the threshold.",
  "model[1].surrogate": "Replaces the derivative of the spike in the backward pass.",
  "model[1].surrogate[0].kind":
    "s'(x) = alpha sigma(alpha x)(1 - sigma(alpha x)). The author's code also uses alpha 4.",
  "model[1].surrogate[0].alpha": "Four times the slope at the threshold.",
  "model[1].surrogate[1].kind":
    "s'(x) = max(0, 1 - |x| / width) / width. Compact support makes the backward pass sparse.",
  "model[1].surrogate[1].width": "Half the base of the triangle, in membrane units.",
  "model[1].surrogate[2].kind": "s'(x) = 1 / (2 width) where |x| < width.",
  "model[1].surrogate[2].width": "Half the base of the rectangle, in membrane units.",
  "model[1].surrogate[3].kind": "s'(x) = alpha / 2 / (1 + (pi/2 alpha x)^2).",
  "model[1].surrogate[3].alpha": "Twice the slope at the threshold.",
  "model[1].normalisation":
    "BatchNorm after each linear layer in training, folded into weights and offsets before mapping.",
  "model[1].residual":
    "`membrane`: added before the neuron, so every crossbar input stays binary. `spikes`: layers read sums of spikes, which chips refuse.",
  "model[1].outputProjection":
    "Attention output projection W_O, which the paper's phase list omits. Without it, attention spikes feed FF1 directly.",
  hardware: "The machine that runs the network.",
  "hardware.crossbar": "Arrays of memory cells that hold the weights of linear layers.",
  "hardware.crossbar.rows": "Input lines per crossbar. Table II: 128.",
  "hardware.crossbar.embedRows":
    "Input lines that the embedding uses per crossbar. Fewer lines need a smaller converter range, so each code is a finer step. `null`: all.",
  "hardware.crossbar.inputStride":
    "Distance, in input order, between neighbouring lines of the first layer. The lines per value, such as `task.thresholds`, reduce the swing of columns. 1: input order.",
  "hardware.crossbar.linesPerInput":
    "Lines per input of the first layer. Errors average, for as many times the crossbars.",
  "hardware.crossbar.columns": "Output columns (differential pairs) per crossbar. Table II: 128.",
  "hardware.crossbar.conductanceBits":
    "Bits of each device of a pair; 4 bits give 31 signed levels. Table II: 4. `null`: continuous.",
  "hardware.crossbar.clippingQuantile":
    "Quantile of |w| mapped to the largest conductance; larger weights are clipped.",
  "hardware.crossbar.scaling":
    "What shares one scale from weights to conductances. Per column, errors stay small next to the column's own weights.",
  "hardware.crossbar.device": "The memory cell.",
  "hardware.crossbar.device[0].kind":
    "Phase-change memory with published programming, drift and 1/f read statistics (ICECS 2019).",
  "hardware.crossbar.device[0].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[0].programmingNoise": "Factor on the published programming noise; 0: off.",
  "hardware.crossbar.device[0].drift": "Factor on the published drift exponent; 0: off.",
  "hardware.crossbar.device[0].readNoise": "Factor on the published read noise; 0: off.",
  "hardware.crossbar.device[1].kind": "Phase-change memory of the 14 nm HERMES chip (Nature Electronics 2023).",
  "hardware.crossbar.device[1].devices": "Parallel devices per conductance.",
  "hardware.crossbar.device[1].maxConductance":
    "Largest programmed conductance, microsiemens. `null`: the characterised limit, 10.35 for one device, 20.7 for two.",
  "hardware.crossbar.device[1].programmingNoise": "Factor on the published programming noise; 0: off.",
  "hardware.crossbar.device[1].drift": "Factor on the published drift exponent; 0: off.",
  "hardware.crossbar.device[1].readNoise": "Factor on the published read noise; 0: off.",
  "hardware.crossbar.device[2].kind": "Noise and drift that do not depend on the conductance.",
  "hardware.crossbar.device[2].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[2].programmingNoise": "Factor on the published programming noise; 0: off.",
  "hardware.crossbar.device[2].drift": "Factor on the published drift exponent; 0: off.",
  "hardware.crossbar.device[2].readNoise": "Factor on the published read noise; 0: off.",
  "hardware.crossbar.device[3].kind": "Phase-change memory with your own table of drift exponents.",
  "hardware.crossbar.device[3].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[3].table": "Drift exponents from conductance 0 to `maxConductance`, interpolated linearly.",
  "hardware.crossbar.device[3].table.conductances": "Conductances of the points, microsiemens, ascending.",
  "hardware.crossbar.device[3].table.means": "Mean drift exponent at each point.",
  "hardware.crossbar.device[3].table.deviations": "Standard deviation of the drift exponent at each point.",
  "hardware.crossbar.device[3].programmingNoise": "Factor on the published programming noise; 0: off.",
  "hardware.crossbar.device[3].drift": "Factor on the published drift exponent; 0: off.",
  "hardware.crossbar.device[3].readNoise": "Factor on the published read noise; 0: off.",
  "hardware.crossbar.device[4].kind": "Your own measured curves.",
  "hardware.crossbar.device[4].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[4].table": "Drift exponents from conductance 0 to `maxConductance`, interpolated linearly.",
  "hardware.crossbar.device[4].table.conductances": "Conductances of the points, microsiemens, ascending.",
  "hardware.crossbar.device[4].table.means": "Mean drift exponent at each point.",
  "hardware.crossbar.device[4].table.deviations": "Standard deviation of the drift exponent at each point.",
  "hardware.crossbar.device[4].amplitudes": "Read noise Q at these conductances; left out: none.",
  "hardware.crossbar.device[4].programming": "Programmed conductances, interpolated likewise.",
  "hardware.crossbar.device[4].programming.conductances": "Targets.",
  "hardware.crossbar.device[4].programming.means": "Means.",
  "hardware.crossbar.device[4].programming.deviations": "Standard deviations.",
  "hardware.crossbar.device[4].referenceTime": "When drift begins, seconds after programming.",
  "hardware.crossbar.device[4].readDuration": "Duration of a read, seconds.",
  "hardware.crossbar.device[4].programmingNoise": "Factor on the published programming noise; 0: off.",
  "hardware.crossbar.device[4].drift": "Factor on the published drift exponent; 0: off.",
  "hardware.crossbar.device[4].readNoise": "Factor on the published read noise; 0: off.",
  "hardware.crossbar.device[5].kind":
    "Resistive memory of the NeuRRAM chip (Nature 2022): no drift, but noise that grows for two days.",
  "hardware.crossbar.device[5].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[5].noise": "Factor on the published noise; 0: off.",
  "hardware.crossbar.device[6].kind":
    "Your own device, the default export of an ES module. Running the experiment executes the module.",
  "hardware.crossbar.device[6].path": "Path of the module, relative to this file; in a browser, its URL.",
  "hardware.crossbar.device[6].imports": "SHA-256 of each imported file, by its path from the module.",
  "hardware.crossbar.device[6].sha256":
    "SHA-256 of the module and its imports; other contents are refused. Loading fills it in.",
  "hardware.crossbar.device[6].maxConductance": "Likewise, as the module states it.",
  "hardware.crossbar.device[6].devices": "Likewise: parallel devices per conductance.",
  "hardware.crossbar.device[7].kind": "Exact conductances without noise.",
  "hardware.crossbar.device[7].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.pairs":
    "`physical`: both devices of a pair drift and have read noise; `aihwkit`: their difference is converted to a new pair first, as in IBM's simulator.",
  "hardware.crossbar.parallelDevices":
    "Parallel devices per conductance, programmed to the same level so that their errors average. Table II: 1.",
  "hardware.crossbar.spread":
    "Device-to-device variation: relative standard deviation of a constant gain per device, on top of the published noise.",
  "hardware.crossbar.stuck": "Devices that do not respond to programming, drawn once per chip.",
  "hardware.crossbar.stuck.atZero": "Share of devices stuck at zero.",
  "hardware.crossbar.stuck.atMaximum": "Share of devices stuck at the largest conductance.",
  "hardware.crossbar.wires": "Wire resistance per cell (IR drop). IBM's aihwkit assumes 0.35 ohms.",
  "hardware.crossbar.wires.lines": "Resistance of an input line between neighbouring columns, ohms.",
  "hardware.crossbar.wires.columns": "Resistance of a result line between neighbouring rows, ohms.",
  "hardware.crossbars":
    "Crossbars on the chip. `null`: enough for the network. With fewer, every inference reloads and reprograms them in turn.",
  "hardware.adc": "Converters at the crossbar columns.",
  "hardware.adc.bits": "Bits of one conversion. Table II: 5. `null`: exact currents.",
  "hardware.adc.sharing":
    "Columns per converter. Table II: 8; with 2, a network answers three times as often for less energy (experiments/machines).",
  "hardware.adc.mode":
    "`pair`: both lines of a pair are converted and subtracted digitally, as in the paper; `differential`: one signed conversion.",
  "hardware.adc.rangeQuantile": "Full scale as a quantile of the column currents seen in calibration, per crossbar.",
  "hardware.adc.fullScale":
    "Fixed full scale of every converter, in lines at the largest conductance. `null`: measured in calibration, at `rangeQuantile`.",
  "hardware.adc.trim":
    "Offset correction: every converter is read with no line driven and trimmed by the result. `null`: none.",
  "hardware.adc.trim.bits": "Bits of a trim with its sign, in eighths of a code step; 6 bits reach 3.9 steps.",
  "hardware.adc.trim.reads": "Reads averaged per converter.",
  "hardware.adc.errors": "Spread between converters, and noise per conversion.",
  "hardware.adc.errors.gainSpread": "Relative standard deviation of converter gains, drawn once per chip.",
  "hardware.adc.errors.offsetSpread": "Standard deviation of converter offsets, in code steps, drawn once per chip.",
  "hardware.adc.errors.outputNoise": "Standard deviation of the noise per conversion, in code steps.",
  "hardware.readOut": "What reads the columns of layers that feed only neurons: converters, or comparators.",
  "hardware.readOut.attentionInput":
    "Of q, k and v. `comparator`: a decision per column, for one row block and T = 1; `charge`: on a membrane, one token at a time.",
  "hardware.readOut.feedForwardUp": "Likewise of the first feed-forward layer. Other layers keep converters.",
  "hardware.readOut.circuit": "Columns without converters.",
  "hardware.readOut.circuit.swing": "Volts on a column's capacitor for a membrane of 1.",
  "hardware.readOut.circuit.capacitor":
    "This capacitor, femtofarads, whose thermal noise enters at every step. `null`: none.",
  "hardware.readOut.circuit.offset": "Spread of comparator offsets, millivolts, drawn once per chip.",
  "hardware.readOut.circuit.noise": "Comparator noise per decision, millivolts.",
  "hardware.readOut.circuit.mismatch": "Relative spread of a column's capacitors: of row blocks, and of the leak.",
  "hardware.readOut.circuit.leakage": "Time constant of leakage between steps, seconds. `null`: none.",
  "hardware.readOut.circuit.settling":
    "Time constants for which lines settle; n lose exp(-n). `null`: none lost, in a converter's clocks.",
  "hardware.readOut.circuit.trim": "Offset correction, by decisions along a ramp. `null`: none.",
  "hardware.readOut.circuit.trim.bits": "Bits of a trim with its sign; it reaches four times `offset`.",
  "hardware.readOut.circuit.trim.reads": "Decisions along the ramp.",
  "hardware.ssa": "Stochastic spiking attention engine: AND gates and counters.",
  "hardware.ssa.random":
    "`ideal`: exact Bernoulli bits from a counter-based stream; `lfsr`: bytes tapped from shared 32-bit shift registers, as in hardware.",
  "hardware.ssa.lfsr": "Shift registers, used if `random` is `lfsr`.",
  "hardware.ssa.lfsr.polynomial":
    "Feedback mask of the right-shifting Galois register, a primitive polynomial. Default: Maxim application note 4400.",
  "hardware.ssa.lfsr.sharing":
    "Which cells and column feet share random bytes. `column-row` is nearly as accurate as `cell` with far fewer registers; `row` correlates errors across queries; `column` and `single` bias attention (experiments/random-numbers).",
  "hardware.ssa.lfsr.scope": "`tile`: registers for every head; `engine`: all heads of a block share them.",
  "hardware.ssa.lfsr.shiftsPerClock": "One-bit shifts per clock. With 8, neighbouring features share no bits.",
  "hardware.ssa.tiles":
    "Tiles of the engine; with fewer than heads, heads take turns. `null`: one per head, as in the paper.",
  "hardware.ssa.tileTokens":
    "Tokens per tile (the paper: 16 to 128); longer prompts take several passes. `null`: all tokens of the task.",
  "hardware.ssa.normaliser":
    "Largest random number: `exact` (d_K in cells, N at column feet) or the next `power-of-two`, which lowers firing rates.",
  "hardware.ssa.counterBits": "Bits of a cell's counter. The paper: 8. `null`: enough for d_K.",
  "hardware.ssa.counterOverflow": "If the counter is too narrow for d_K: `refuse` the machine, or `saturate`.",
  "hardware.ssa.fifo":
    "FIFO for V in every `cell`, as in the paper, or one per `row`, which costs less (experiments/machines).",
  "hardware.order":
    "`token-major`: all steps of a token, then the next, with membranes in registers; `step-major`: all tokens of a step, with membranes in SRAM and attention in parallel. Answers are the same.",
  "hardware.timing": "Clocks of analog operations. `null`: as many as bits, size and wires need.",
  "hardware.timing.clock": "Hertz.",
  "hardware.timing.settle": "Clocks until lines have settled.",
  "hardware.timing.conversion": "Clocks of one conversion.",
  "hardware.sram": "SRAM for spikes, residual stream and membranes, bytes. `null`: enough for one inference.",
  "hardware.rate":
    "Inferences per second that the chip is asked for. Leakage and control go on between them. `null`: as many as its pipeline takes.",
  "hardware.arithmetic": "Integer formats behind the converters. `null`: floating point, which no machine has.",
  "hardware.arithmetic.stepBits":
    "A code step is 2^stepBits units of current, and conductances are rounded to whole units. With the ADC bits, 15 at most.",
  "hardware.arithmetic.fractionBits":
    "Binary point of all numbers behind the converters: they count in 2^-fractionBits of the weight unit.",
  "hardware.arithmetic.factorBits":
    "Bits of a column's factor (the worth of a code step), unsigned. Larger factors are refused.",
  "hardware.arithmetic.offsetBits":
    "Bits of offsets and position vectors, two's complement. Larger values are refused.",
  "hardware.arithmetic.streamBits": "Bits of the residual stream, two's complement.",
  "hardware.arithmetic.membraneBits": "Bits of a membrane, two's complement.",
  "hardware.arithmetic.logitBits": "Bits of a logit before averaging over tokens and steps, two's complement.",
  "hardware.arithmetic.overflow":
    "If a sum in the stream, a membrane or a logit does not fit: `saturate` clips and counts it; `refuse` ends the run, and calibration tests the formats first.",
  "hardware.transport": "Code of spikes between units.",
  "hardware.transport.code":
    "`bits`: every spike and silence; `events`: the addresses of spikes; `fewer`: for each vector whichever takes fewer bits.",
  "hardware.transport.vector": "Features coded together. `null`: whole rows.",
  "hardware.clocking":
    "`written`: a flip-flop takes the clock whenever its unit writes it; `gated`: counters of attention only where they count, and control only while its unit works, for a clock gate each.",
  "hardware.scaling":
    "`sums`: codes are scaled to the unit of weights and summed; `threshold`: neurons of layers that feed nothing else add codes as they are and compare with a threshold for each column, unless a column has several row blocks.",
  "hardware.readTime": "Seconds from programming to use: 3600 is an hour, 31536000 a year.",
  "hardware.compensation": "Drift compensation, which rescales outputs to their size just after programming.",
  "hardware.compensation.scope":
    "What shares one factor: a crossbar, all crossbars of a tile, or a column. `none`: no compensation.",
  "hardware.compensation.readout":
    "How factors are measured with `calibration` `currents`. `lines`: drives all lines at once and sums their currents; `one-hot`: drives one line at a time and averages pair differences, as in aihwkit.",
  "hardware.compensation.schedule": "When the factors are measured.",
  "hardware.compensation.schedule[0].kind": "Right before use, in the same read: the best case.",
  "hardware.compensation.schedule[1].kind": "At a fixed interval after programming.",
  "hardware.compensation.schedule[1].seconds": "Seconds between calibrations.",
  "hardware.compensation.schedule[2].kind":
    "At ages that grow by a constant factor, because drift is linear in log time.",
  "hardware.compensation.schedule[2].first": "Seconds from programming to the first calibration.",
  "hardware.compensation.schedule[2].ratio": "Ratio of the ages at successive calibrations.",
  "hardware.calibration":
    "What calibration measures with. `currents`: exact currents, as external instruments read them; `codes`: the codes of the chip's own converters, with their errors.",
  "hardware.chips": "Independently programmed chips to simulate.",
  training: "How the network learns.",
  "training.batch": "Prompts (or images) per optimiser step.",
  "training.shards":
    "Micro-batches per step, summed in a fixed order so that results do not depend on threads. BatchNorm statistics are per shard.",
  "training.stages": "Stages, run one after another on the same network.",
  "training.stages.name": "Name in the log.",
  "training.stages.steps": "Optimiser steps of the stage.",
  "training.stages.learningRate":
    "Peak learning rate, reached after `warmup` steps, then lowered along a cosine to `finalFraction` of it.",
  "training.stages.warmup": "Steps over which the learning rate rises from 0 to its peak.",
  "training.stages.finalFraction": "Final learning rate as a fraction of the peak.",
  "training.stages.attention":
    "`sampled` draws attention bits as hardware does; `expected` uses their probabilities, which learns faster in a first stage.",
  "training.stages.timeSteps": "Time steps T in this stage, instead of `model.steps`. Fewer steps train faster.",
  "training.stages.depth":
    "Blocks in this stage; the next stage repeats them to grow, and copies add nothing at first. Left out: `model.depth`.",
  "training.stages.queryCopies": "Copies of every query in this stage; the loss is that of their mean. Left out: 1.",
  "training.stages.optimiser": "Overrides `training.optimiser`.",
  "training.stages.labels": "Overrides `training.labels`.",
  "training.stages.teacherShare": "Overrides `training.teacherShare`.",
  "training.stages.teacherSteps": "Overrides `training.teacherSteps`.",
  "training.stages.stepLoss": "Overrides `training.stepLoss`.",
  "training.stages.noise": "Noise in the forward pass for hardware-aware training.",
  "training.stages.noise.weights":
    "Standard deviation of the noise on each weight, relative to the largest |w| that shares its scale (`hardware.crossbar.scaling`), drawn once per step.",
  "training.stages.noise.outputs":
    "Standard deviation of the noise on each pre-activation of a spiking network, relative to its column's BatchNorm deviation (without BatchNorm, the threshold). The head gets none.",
  "training.stages.noise.devices":
    "Trains on weights as the devices of `hardware.crossbar` hold them: levels, noise, compensated drift and stuck devices, drawn once per step. Replaces `weights`.",
  "training.stages.noise.devices.youngest":
    "Youngest age at which a chip is read, seconds. Each step draws an age, uniform in log time.",
  "training.stages.noise.devices.oldest": "Oldest age, seconds. Equal to `youngest`: a fixed age.",
  "training.stages.noise.hardware":
    "Trains on the experiment's `hardware`: devices at ages up to `hardware.readTime`, and converters with their errors and rounding, but no wires. Replaces `weights`, `outputs` and `devices`.",
  "training.stages.noise.dropConnect": "Share of weights set to 0 in a step (drop-connect).",
  "training.stages.clipWeights":
    "Clips weights after every step at this many root mean squares of their column, so that outliers do not cost the others conductance levels.",
  "training.optimiser": "`muon`: orthogonalised momentum for all weights but the head, AdamW for the rest.",
  "training.weightDecay": "Decoupled weight decay, on matrices only.",
  "training.beta1": "Decay of AdamW's running mean of the gradient.",
  "training.beta2": "Decay of AdamW's running mean of the squared gradient.",
  "training.epsilon": "Added to AdamW's denominator.",
  "training.clipNorm": "Largest Euclidean norm of the whole gradient; larger gradients are scaled down.",
  "training.labels":
    "`symbols`: the symbols sent; `posterior`: their exact posterior given the channel, with less variance (for images, the class); `teacher`: the answers of `teacher` (knowledge distillation).",
  "training.teacherShare": "Share of the teacher's answers in the target; the rest is the true label. Left out: 1.",
  "training.teacherSteps": "Time steps T of spiking teachers. Left out: those of each teacher's own model.",
  "training.labelSmoothing":
    "Share of the target spread evenly over all classes; teacher answers are not smoothed. Left out: 0.",
  "training.stepLoss":
    "Share of a spiking network's loss computed per time step, the rest on the mean logits. 1: temporal efficient training. Left out: 0.",
  "training.spikeRate":
    "Penalises layers that fire often: `weight` times the squared excess of the rate over `target`, summed over layers.",
  "training.spikeRate.weight": "Penalty in nats of a layer whose rate exceeds the target by 1.",
  "training.spikeRate.target": "Rate without penalty, in spikes per neuron and time step.",
  "training.teacher":
    "Teacher network: a path relative to this file, or `bundled:NAME`. With several, their mean answer is learned.",
  "training.teacherTask":
    "How the teacher sees the images, as far as it differs from the task. Left out: as in the task.",
  "training.teacherTask.patch": "Overrides the task's.",
  "training.teacherTask.shift": "Overrides the task's.",
  "training.teacherTask.readOut": "Overrides the task's.",
  "training.teacherTask.coding": "Overrides the task's; only a spiking teacher uses it.",
  "training.teacherTask.pixelBits": "Overrides the task's.",
  "training.teacherTask.thresholds": "Overrides the task's.",
  "training.teacherTask.remainderBits": "Overrides the task's.",
  "training.initial":
    "Network to start from: a path relative to this file, or `bundled:NAME`. It may be smaller, or the ANN of a spiking model (see `docs/training.md`). Left out: random parameters.",
  "training.initialShare":
    "Weight averaging (WiSE-FT): share of the initial network's weights in the result. Left out: 0.",
  "training.quantization": "Trains an ANN for few bits; becomes `model.quantization`. Left out: floating point.",
  "training.quantization.weights": "Bits of a weight; `binary`: a sign times the mean |w| of its column.",
  "training.quantization.activations": "Bits of a layer's input; `binary`: two learned values.",
  "training.validateEvery": "Optimiser steps between validations.",
  "training.validationPrompts": "Prompts of the fixed validation set; at most all validation images.",
  "training.patience": "Stops a stage without weight noise after this many validations without a new best. 0: never.",
  "training.checkpointSeconds": "Seconds between checkpoints of the training state.",
  evaluation: "What is measured.",
  "evaluation.prompts":
    "Prompts (or images) per point. 4096 prompts of 4 bits give a standard error of about 0.002 at a bit error rate of 0.06.",
  "evaluation.curvePrompts": "Prompts per point of the curves over SNR and over time steps.",
  "evaluation.curveChips": "Chips used for the curve over SNR, counted from the first. `null`: all.",
  "evaluation.snrDecibels": "Signal-to-noise ratios of the curves, dB.",
  "evaluation.steps": "Time steps at which the error rate is measured.",
  "evaluation.exitMargin":
    "Also reports chips that answer at the first time step where the largest mean logit leads the second by this margin (for read-out `bits`, where every logit is this far from 0). Needs `hardware.order` `step-major`. Left out: all steps run, as in the paper.",
  "evaluation.softBits":
    "Also reports what soft bits are worth to a decoder at each of `snrDecibels`: mutual information and calibration error of receivers, networks and chips. Only for links. Left out: errors alone.",
  "evaluation.softBits.fit":
    "What each chip fits to its soft bits, on prompts that no figure uses: `scale` one factor, `table` a factor for each of `snrDecibels`.",
  "evaluation.softBits.prompts": "Prompts per factor that a chip fits.",
  "evaluation.coded":
    "Also sends coded blocks over slots, and reports block error rates of all detectors. Left out: uncoded errors alone.",
  "evaluation.coded.rate": "Share of the coded bits of a slot that are payload and its CRC.",
  "evaluation.coded.decoder":
    "How checks of the LDPC decoder answer. Scaled `min-sum` does not depend on the scale of soft bits.",
  "evaluation.coded.iterations": "The most iterations of the decoder.",
  "evaluation.coded.ebN0Decibels": "Energy of a slot per bit of payload over noise density, dB.",
  "evaluation.coded.errors": "Block errors of a detector at which a point ends.",
  "evaluation.coded.blocks": "Blocks at which a point ends in any case.",
  "evaluation.coded.ages":
    "Ages at which chips receive the same blocks again, with drift compensation and without, seconds: 31536000 is a year.",
  "evaluation.coded.feedback":
    "Data elements, those decided most surely, that networks and chips take as pilots when they detect the rest of a slot again. 0: none.",
  "evaluation.coded.fitBlocks":
    "Blocks on which a chip fits a scale of its soft bits at each point, for belief propagation. 0: none.",
  "evaluation.equalityMargin":
    "Largest share by which the chips' error rate may exceed a rival's and still count as equal. Equality is claimed only if the whole 95 % interval of the difference is within it.",
  checkpoints: "Trained networks: paths relative to this file, or `bundled:NAME`.",
  "checkpoints.network": "The network that runs on the simulated hardware.",
  "checkpoints.conventional":
    "The same network after conventional training only; `xpike eval` shows how drift affects it.",
  "checkpoints.ann": "The conventional transformer, for comparison.",
  "checkpoints.spiking": "The digital spiking transformer with LIF attention, for comparison.",
};
