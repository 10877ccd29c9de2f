/** What each field means: the doc comments of the schemas, collected by `descriptions.test.ts`. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  $schema: "For editors only; ignored.",
  name: "Title of the report.",
  seed: "Seed of every random stream of the run.",
  task: "Where prompts come from and what is asked.",
  "task[0].kind": "In-context symbol detection on a MIMO link: the paper's decoder.",
  "task[0].transmitAntennas":
    "Transmit antennas Nt. Joint symbols grow as (points per antenna)^Nt, 2^16 at most, and a network that classifies them with them; `model.readOut` `bits` grows with Nt alone.",
  "task[0].receiveAntennas": "Receive antennas Nr.",
  "task[0].modulation":
    "Constellation of each antenna. QPSK reproduces the paper's bit error rates best (see `docs/assumptions.md`).",
  "task[0].snrDecibels": "Drawn once per prompt when it is a range. The public baseline evaluates on 0 .. 30 dB.",
  "task[0].snrDecibels[1].min": "Lowest ratio.",
  "task[0].snrDecibels[1].max": "Highest ratio.",
  "task[0].noise":
    "Complex noise variance at SNR s dB: `standard` is 10^(-s/10); `doubled` is twice that, as the public baseline code draws real and imaginary parts with that standard deviation each. Doubled brackets the paper's ANN result.",
  "task[0].receiverBits": "Bits of the receive quantiser (mid-rise) for each real and imaginary part.",
  "task[0].receiverRange": "Full scale of the receive quantiser: [-range, range].",
  "task[0].pilots": "Known (y, x) pairs before the query. The paper uses 18.",
  "task[0].tokens":
    "`query-context`: for each pair a query token (y, 0), where x is predicted, then a context token (y, x); tokens attend to earlier context tokens only; 2 pilots + 1 tokens. `shifted`: token i is (y_i, x_(i-1)); pilots + 1 tokens. `interleaved`: y_1, x_1, y_2, ...; 2 pilots + 1 tokens, as in the public baseline.",
  "task[0].queryCopies":
    "Copies of the last query in the prompt of a spiking network, whose logits are averaged; `every`: of each query. A copy draws its own random numbers and costs one token, where a further time step costs all tokens again. A network that draws nothing, whose copies would all say the same, has none: an ANN, LIF attention, ordered draws. Left out: one.",
  "task[0].queryCopies[1].every": "Copies of each query, also of those before the last.",
  "task[0].coding":
    "How token values enter a spiking network. `bits`: the quantiser's bits as binary lines, the same at every time step; `thermometer`: one line per threshold that the value exceeds, as a flash converter delivers it before encoding; `bernoulli`: one line per real value, a Bernoulli draw per time step; `repeat`: real values, the same at every step (needs a DAC on hardware). The ANN always receives real values.",
  "task[1].kind": "A vision transformer: an image is cut into patches, each of which is a token.",
  "task[1].data": "Labelled images: a published set by its name, or the sizes of other images.",
  "task[1].data[1].name": "What they are called.",
  "task[1].data[1].folder":
    "Where they are, relative to this file, as `docs/data.md` describes; `--data` names another place. A program may hand them over instead.",
  "task[1].data[1].height": "Pixels from top to bottom.",
  "task[1].data[1].width": "Pixels from left to right.",
  "task[1].data[1].channels": "1 for grey, 3 for colours.",
  "task[1].data[1].classes": "Classes to tell apart.",
  "task[1].patch":
    "Side of a square patch, pixels; it divides height and width. The paper: 4 on 32 x 32 images, 16 on 224 x 224.",
  "task[1].shift":
    "Beside its own pixels a token holds those of its patch moved by so many pixels left, right, up and down (shifted-patch tokens): it sees across the patch's edges, and has five times the inputs. 0: none. The first author's code: 1.",
  "task[1].readOut":
    "`mean`: the logits are averaged over all tokens; `class-token`: they are read at one more token, the last, whose own input is 0, as in the paper's vision transformers. The mean is steadier where single spikes are random.",
  "task[1].coding":
    "How pixels enter a spiking network. `bernoulli`: one line per pixel, a Bernoulli draw per time step (equation 1 of the paper); `bits`: the highest bits of a pixel as binary lines, the same at every time step; `thermometer`: one line per threshold that the pixel reaches; `repeat`: real values, the same at every step (needs a DAC on hardware). The ANN always receives real values.",
  "task[1].pixelBits":
    "Lines per pixel of coding `bits`: so many of its 8 bits, from the highest. Below 4 bits grey levels become visible steps.",
  "task[1].thresholds":
    "Lines per pixel of coding `thermometer`: thresholds, equally spaced over the range of a pixel.",
  "task[1].remainderBits":
    "Lines per pixel of coding `thermometer` beside those of its thresholds: so many bits, highest first, of how far the pixel is above the threshold that it has reached, as in a segmented converter. 7 thresholds and 2 bits tell 32 levels apart with 9 lines.",
  "task[1].crop":
    "Training images are moved by up to so many pixels each way, black coming in at the edge. 0: none. Customary for CIFAR-10: 4.",
  "task[1].flip": "Training images are mirrored left to right, every other one on average. Not for digits.",
  "task[1].cutout":
    "Side of a square of pixels that is made black in every training image, anywhere in it (cutout, arXiv 1708.04552). Customary for CIFAR-10: 16. Left out: none.",
  "task[2].kind": "A transformer on recordings of an event camera: events go in as spikes, as they came.",
  "task[2].data":
    "Labelled recordings: a known set by its name, or the sizes of others. `moving-bars` are made up and need no files.",
  "task[2].data[1].name": "What they are called.",
  "task[2].data[1].folder":
    "Where they are, relative to this file, as `docs/events.md` describes; `--data` names another place. A program may hand them over instead.",
  "task[2].data[1].height": "Pixels of the sensor from top to bottom.",
  "task[2].data[1].width": "Pixels of the sensor from left to right.",
  "task[2].data[1].classes": "Classes to tell apart.",
  "task[2].patch": "Side of a square of pixels, which is a token. What of it lies past the sensor's edge sees nothing.",
  "task[2].frames":
    "Frames of a recording; what comes after them is not seen. A time step of a spiking network sees one; one of more steps sees them again.",
  "task[2].frameMicroseconds":
    "Length of a frame, microseconds. Shorter frames keep more of the time, and need more steps.",
  "task[2].coding":
    "Events are spikes already: two lines per pixel, darker and brighter, each on where there was an event in the frame.",
  model: "The network's architecture.",
  "model[0].kind": "Pre-LayerNorm GPT block: softmax attention, GELU in the tanh approximation of GPT-2.",
  "model[0].width": "Model width D; a multiple of 8, because spikes are packed into bytes.",
  "model[0].depth": "Blocks, each attention then feed-forward.",
  "model[0].heads": "Attention heads H; the head dimension d_K is width / heads.",
  "model[0].expansion": "Feed-forward width as a multiple of D.",
  "model[0].position":
    "A learned vector per token position, or none. In-context examples are exchangeable, so none is the default.",
  "model[0].stem":
    "Convolutions that read the patches of an image as the pixels of a map, and make fewer tokens of them: a stem. With `task.patch` 1 they read single pixels. Left out: every patch is a token.",
  "model[0].stem.layers":
    "Convolutions with neurons of their own before the embedding, in the order in which an image meets them.",
  "model[0].stem.layers.channels": "Features of a pixel behind the layer; a multiple of 8, as the width.",
  "model[0].stem.layers.kernel":
    "Side of a window in pixels: odd, so that a pixel is in its middle. Past the edge of a map lie zeros.",
  "model[0].stem.layers.stride": "Pixels from one window to the next.",
  "model[0].stem.layers.pool":
    "Side of the squares of pixels of which the largest value stays: of spikes, whether any of them is 1. 1 keeps all pixels.",
  "model[0].stem.embedding": "The convolution in place of the embedding; the pixels that it leaves are the tokens.",
  "model[0].stem.embedding.kernel":
    "Side of a window in pixels: odd, so that a pixel is in its middle. Past the edge of a map lie zeros.",
  "model[0].stem.embedding.stride": "Pixels from one window to the next.",
  "model[0].readOut":
    "What logits stand for. `joint`: one for each class, of which the largest decides; `bits`: one for each bit of a class, whose sign decides: fewer outputs with a stronger gradient, and soft bits. For symbol detection. Left out: `joint`.",
  "model[1].kind": "Linear layers with LIF neurons; residuals before the neuron.",
  "model[1].width": "Model width D; a multiple of 8, because spikes are packed into bytes.",
  "model[1].depth": "Blocks, each attention then feed-forward.",
  "model[1].heads": "Attention heads H; the head dimension d_K is width / heads.",
  "model[1].expansion": "Feed-forward width as a multiple of D.",
  "model[1].position":
    "A learned vector per token position, or none. In-context examples are exchangeable, so none is the default.",
  "model[1].stem":
    "Convolutions that read the patches of an image as the pixels of a map, and make fewer tokens of them: a stem. With `task.patch` 1 they read single pixels. Left out: every patch is a token.",
  "model[1].stem.layers":
    "Convolutions with neurons of their own before the embedding, in the order in which an image meets them.",
  "model[1].stem.layers.channels": "Features of a pixel behind the layer; a multiple of 8, as the width.",
  "model[1].stem.layers.kernel":
    "Side of a window in pixels: odd, so that a pixel is in its middle. Past the edge of a map lie zeros.",
  "model[1].stem.layers.stride": "Pixels from one window to the next.",
  "model[1].stem.layers.pool":
    "Side of the squares of pixels of which the largest value stays: of spikes, whether any of them is 1. 1 keeps all pixels.",
  "model[1].stem.embedding": "The convolution in place of the embedding; the pixels that it leaves are the tokens.",
  "model[1].stem.embedding.kernel":
    "Side of a window in pixels: odd, so that a pixel is in its middle. Past the edge of a map lie zeros.",
  "model[1].stem.embedding.stride": "Pixels from one window to the next.",
  "model[1].readOut":
    "What logits stand for. `joint`: one for each class, of which the largest decides; `bits`: one for each bit of a class, whose sign decides: fewer outputs with a stronger gradient, and soft bits. For symbol detection. Left out: `joint`.",
  "model[1].steps": "Time steps T.",
  "model[1].attention": "How scores and outputs of attention become spikes.",
  "model[1].attention.neuron":
    "`stochastic` samples Bernoulli bits (Xpikeformer, Algorithm 1); `lif` is the Spikformer-type digital baseline.",
  "model[1].attention.scoreGain":
    "Score probability min(1, scoreGain sum(Q and K) / d_K). The literal 1 leaves attention almost silent.",
  "model[1].attention.valueGain": "Output probability min(1, valueGain sum(S and V) / N).",
  "model[1].attention.draws":
    "`independent` draws every time step anew; `stratified` shares one random number over the time steps and adds a bit-reversed offset modulo the range: still exactly Bernoulli at each step, less variance in the mean. `ordered` draws nothing: a constant for scores and one for each feature of outputs, with the same offset, as in ordered dithering.",
  "model[1].neuron": "The unit behind every linear layer.",
  "model[1].neuron[0].kind": "Leaky integrate-and-fire.",
  "model[1].neuron[0].beta":
    "Leak: V = beta V + I. 0.5 is one right shift of the membrane register. Source: Xpikeformer, section IV-A2.",
  "model[1].neuron[0].threshold": "Fires when V >= threshold; equality fires (equation 3).",
  "model[1].neuron[0].reset":
    "`hard` sets the membrane to 0 after a spike (equation 3); `soft` subtracts the threshold.",
  "model[1].neuron[1].kind": "Integrate-and-fire, which has no leak: V = V + I.",
  "model[1].neuron[1].threshold": "Fires when V >= threshold; equality fires (equation 3).",
  "model[1].neuron[1].reset":
    "`hard` sets the membrane to 0 after a spike (equation 3); `soft` subtracts the threshold.",
  "model[1].surrogate": "Stands in for the derivative of the spike in the backward pass.",
  "model[1].surrogate[0].kind":
    "s'(x) = alpha sigma(alpha x)(1 - sigma(alpha x)), x = V - threshold. Alpha 4 as in the author's code.",
  "model[1].surrogate[0].alpha": "Four times the slope at the threshold.",
  "model[1].surrogate[1].kind":
    "s'(x) = max(0, 1 - |x| / width) / width: compact support, so the backward pass is sparse.",
  "model[1].surrogate[1].width": "Half the base of the triangle, in units of the membrane.",
  "model[1].surrogate[2].kind": "s'(x) = 1 / (2 width) where |x| < width.",
  "model[1].surrogate[2].width": "Half the base of the rectangle, in units of the membrane.",
  "model[1].normalisation":
    "BatchNorm after each linear layer in training, folded into weights and an offset before mapping; or none.",
  "model[1].residual":
    "Residual on the pre-activation stream (membrane shortcut), so that every crossbar input is binary; or none.",
  "model[1].outputProjection":
    "Attention output projection W_O. The paper's phase list has none; without it the attention spikes feed FF1's stream.",
  hardware: "The machine it runs on.",
  "hardware.crossbar": "Arrays of memory cells, which hold the weights of linear layers.",
  "hardware.crossbar.rows": "Input lines of one crossbar. Table II: 128.",
  "hardware.crossbar.embedRows":
    "Lines that the embedding uses of one crossbar; `null`: all. Its inputs are dense, which takes a wide converter range, and often the same at every time step, so that its conversion errors do not average out: spread over more crossbars, each has a finer step.",
  "hardware.crossbar.inputStride":
    "How far apart in its input the lines lie that the first layer has side by side on a crossbar. With as many as a value takes lines, such as `task.thresholds`, a crossbar has one threshold of neighbouring values instead of all of one value: on even patches weights of both signs cancel, columns swing by less, and each code is a finer step (docs/hardware.md). 1: in the order of the input.",
  "hardware.crossbar.linesPerInput":
    "Lines that carry each input of the first layer, all lines of the layer so many times over; each has a share of its input's weights. Errors of n devices, and of n conversions, average, for n times as many crossbars (docs/hardware.md).",
  "hardware.crossbar.columns": "Output columns (differential pairs) of one crossbar. Table II: 128.",
  "hardware.crossbar.conductanceBits":
    "Bits of each device of a pair: 4 bits give 31 signed levels. Table II: 4. `null` is continuous.",
  "hardware.crossbar.clippingQuantile":
    "Quantile of |w| that maps to the largest conductance; larger weights are clipped.",
  "hardware.crossbar.scaling":
    "What shares one scale from weights to conductances: the whole `crossbar`, or each `column`, whose errors are then small beside its own weights; the first author's simulations scale by column. Either way every local sum is scaled digitally, by one factor per crossbar or per column.",
  "hardware.crossbar.device": "The memory cell.",
  "hardware.crossbar.device[0].kind":
    "Phase-change memory with published programming, drift and 1/f read statistics (see `device/nandakumar-icecs-2019.ts`).",
  "hardware.crossbar.device[0].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[0].programmingNoise": "Multiplies the published programming spread; 0 switches it off.",
  "hardware.crossbar.device[0].drift": "Multiplies the published drift exponent; 0 switches drift off.",
  "hardware.crossbar.device[0].readNoise": "Multiplies the published read spread; 0 switches it off.",
  "hardware.crossbar.device[1].kind":
    "Phase-change memory of the 14 nm HERMES chip (see `device/le-gallo-nature-electronics-2023.ts`).",
  "hardware.crossbar.device[1].devices": "Devices side by side that make one conductance.",
  "hardware.crossbar.device[1].maxConductance":
    "Largest programmed conductance, microsiemens. `null`: as far as characterised, 10.35 for one device, 20.7 for two.",
  "hardware.crossbar.device[1].programmingNoise": "Multiplies the published programming spread; 0 switches it off.",
  "hardware.crossbar.device[1].drift": "Multiplies the published drift exponent; 0 switches drift off.",
  "hardware.crossbar.device[1].readNoise": "Multiplies the published read spread; 0 switches it off.",
  "hardware.crossbar.device[2].kind":
    "Spreads and drift that do not depend on the conductance (see `device/state-independent.ts`).",
  "hardware.crossbar.device[2].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[2].programmingNoise": "Multiplies the published programming spread; 0 switches it off.",
  "hardware.crossbar.device[2].drift": "Multiplies the published drift exponent; 0 switches drift off.",
  "hardware.crossbar.device[2].readNoise": "Multiplies the published read spread; 0 switches it off.",
  "hardware.crossbar.device[3].kind":
    "Phase-change memory with drift exponents from a table of one's own (see `device/custom-drift.ts`).",
  "hardware.crossbar.device[3].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[3].table":
    "Drift exponents over the conductance, from 0 to `maxConductance`; straight lines between points.",
  "hardware.crossbar.device[3].table.conductances": "Conductances of the points, microsiemens, ascending.",
  "hardware.crossbar.device[3].table.means": "Mean drift exponent at each point.",
  "hardware.crossbar.device[3].table.deviations": "Standard deviation of the drift exponent at each point.",
  "hardware.crossbar.device[3].programmingNoise": "Multiplies the published programming spread; 0 switches it off.",
  "hardware.crossbar.device[3].drift": "Multiplies the published drift exponent; 0 switches drift off.",
  "hardware.crossbar.device[3].readNoise": "Multiplies the published read spread; 0 switches it off.",
  "hardware.crossbar.device[4].kind":
    "Resistive memory of the NeuRRAM chip: no drift, but a spread that grows for two days (see `device/wan-nature-2022.ts`).",
  "hardware.crossbar.device[4].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.device[4].noise": "Multiplies the published spread; 0 switches it off.",
  "hardware.crossbar.device[5].kind":
    "A device of one's own, the default export of an ES module (see `device/module.ts`). Running the experiment runs the module.",
  "hardware.crossbar.device[5].path": "Path of the module, relative to this file; in a browser its URL.",
  "hardware.crossbar.device[5].sha256":
    "SHA-256 of the module, hexadecimal: another content is refused. The commands record it in reports. Left out: any content.",
  "hardware.crossbar.device[6].kind": "Exact conductances: no noise.",
  "hardware.crossbar.device[6].maxConductance": "Largest programmed conductance, microsiemens.",
  "hardware.crossbar.pairs":
    "After programming, `physical`: both devices of a pair drift and make read noise; `aihwkit`: their difference is converted to a new pair first, as IBM's simulator does.",
  "hardware.crossbar.parallelDevices":
    "Devices side by side that hold each conductance of a pair, all programmed to the same level: their errors average, for as many times the cells. 1: as in Table II.",
  "hardware.crossbar.spread":
    "Device-to-device spread: relative standard deviation of a constant gain of each device, on top of the published spreads.",
  "hardware.crossbar.stuck": "Devices that do not answer to programming, drawn once per chip.",
  "hardware.crossbar.stuck.atZero": "Share of devices that stay at zero.",
  "hardware.crossbar.stuck.atMaximum": "Share of devices that stay at the largest conductance.",
  "hardware.crossbar.wires": "Resistance of the wires (IR drop), per cell. IBM's aihwkit assumes 0.35 ohms.",
  "hardware.crossbar.wires.lines": "Ohms of an input line from one column to the next.",
  "hardware.crossbar.wires.columns": "Ohms of a result line from one row to the next.",
  "hardware.crossbars":
    "Crossbars on the chip. `null`: as many as the network needs. With fewer, the chip is loaded several times in one inference, each time with the tiles that come next; every load programs its crossbars anew.",
  "hardware.adc": "Converters at the crossbars' columns.",
  "hardware.adc.bits": "Bits of one conversion. Table II: 5. `null` reads the exact current.",
  "hardware.adc.sharing":
    "Columns that share one converter. Table II: 8; with 2 a network answers three times as often for less energy (experiments/machines).",
  "hardware.adc.mode":
    "`pair`: both lines of a pair are converted and subtracted digitally, as the paper draws it; `differential`: one signed conversion.",
  "hardware.adc.rangeQuantile":
    "Full scale is this quantile of the column currents seen on calibration prompts, per crossbar.",
  "hardware.adc.fullScale":
    "Full scale of every converter, at any age, as a number of lines at the largest conductance; `null`: each crossbar's is measured on calibration prompts, as `rangeQuantile` says.",
  "hardware.adc.trim":
    "Offset correction: every converter is read with no line driven, and trimmed by what it puts out. `null`: none. Customary on chips, whose converters are many and small.",
  "hardware.adc.trim.bits": "Bits of a trim, with its sign, in eighths of a code step: 6 bits reach 3.9 steps.",
  "hardware.adc.trim.reads": "Reads of every converter, whose codes are averaged.",
  "hardware.adc.errors": "How converters differ from each other, and from one conversion to the next.",
  "hardware.adc.errors.gainSpread": "Relative standard deviation of the converters' gains, drawn once per chip.",
  "hardware.adc.errors.offsetSpread":
    "Standard deviation of the converters' offsets, in code steps, drawn once per chip.",
  "hardware.adc.errors.outputNoise": "Standard deviation of the noise of a conversion, in code steps.",
  "hardware.ssa": "The engine of AND gates and counters that computes attention.",
  "hardware.ssa.random":
    "`ideal` draws exact Bernoulli bits from a counter-based stream; `lfsr` models the shared 32-bit LFSRs, bytes tapped.",
  "hardware.ssa.lfsr": "The shift registers, where `random` is `lfsr`.",
  "hardware.ssa.lfsr.polynomial":
    "Feedback mask of the Galois register, shifting right; a primitive polynomial. 0xb4bcd35c: Maxim application note 4400.",
  "hardware.ssa.lfsr.sharing":
    "Which bytes a cell and a column's foot compare with; `hardware/draws.ts` explains the patterns. `column-row` has nearly the error of independent bytes for every `cell` with a fraction of the registers; `row` spares the gates in cells, but all queries err together; `column` and `single` bias attention (experiments/random-numbers).",
  "hardware.ssa.lfsr.scope":
    "`tile`: every head has registers of its own; `engine`: all heads of a block use the same numbers.",
  "hardware.ssa.lfsr.shiftsPerClock":
    "One-bit shifts per clock. With 8, neighbouring features see bytes that share no bits; no answer measured so far needs that.",
  "hardware.ssa.tiles":
    "Tiles of the engine, which take the heads in turn where they are fewer. `null`: one for each head, as in the paper.",
  "hardware.ssa.tileTokens":
    "Tokens that a tile holds (the paper: 16 to 128); more take several passes. `null`: as many as the task has.",
  "hardware.ssa.normaliser":
    "Largest random number: `exact`, d_K in cells and N at columns' feet, or the next `power-of-two`, which lowers the rates.",
  "hardware.ssa.counterBits": "Bits of a cell's counter. The paper: 8. `null`: as many as d_K needs.",
  "hardware.ssa.counterOverflow": "A counter that is too narrow for d_K is refused, or stops at its largest value.",
  "hardware.ssa.fifo":
    "A FIFO for V in every cell, as the paper draws it, or one per row, whose cells all need the same bit, which costs less (experiments/machines).",
  "hardware.order":
    "Which input vectors a layer takes first. `token-major`: all time steps of a token, then the next token, so that a LIF unit keeps the membranes of one token in registers, and attention waits for the last token. `step-major`: all tokens of a time step, so that attention works beside the crossbars, and the membranes of all tokens stand in SRAM. Answers are the same.",
  "hardware.sram": "Bytes of SRAM for spikes, residual stream and membranes. `null`: as many as one inference needs.",
  "hardware.arithmetic":
    "Whole numbers from the lines of a crossbar to the answer, as a machine has them; left out, in the recommended formats. `null`: floating point, which no machine has.",
  "hardware.arithmetic.stepBits":
    "A code step is 2^stepBits units of current, and conductances are rounded to whole units as lines add them: what a line carries is then a whole number, whatever the order of the sum. With the bits of a code they make 15 at most.",
  "hardware.arithmetic.fractionBits":
    "All numbers behind the converters count in 2^-fractionBits of the unit of weights and thresholds: one binary point for all, so that nothing is shifted but the leak.",
  "hardware.arithmetic.factorBits":
    "Bits of a factor, what a code step of a column is worth; it has no sign. One that does not fit is refused.",
  "hardware.arithmetic.offsetBits":
    "Bits of an offset and of a position vector's numbers, in two's complement. One that does not fit is refused.",
  "hardware.arithmetic.streamBits": "Bits of the residual stream, in two's complement.",
  "hardware.arithmetic.membraneBits": "Bits of a membrane, in two's complement.",
  "hardware.arithmetic.logitBits":
    "Bits of an output of the head, in two's complement. Means over tokens and steps are taken of these.",
  "hardware.arithmetic.overflow":
    "What stream, membranes and logits do with a sum that does not fit: `saturate` stops at the largest number and counts it; `refuse` ends the run, and calibration tries the format on its prompts.",
  "hardware.readTime": "Seconds between programming and use, such as 3600 for an hour or 31536000 for a year.",
  "hardware.compensation": "Global drift compensation: outputs are scaled back to their size just after programming.",
  "hardware.compensation.scope":
    "What shares one factor: a crossbar, the crossbars of a tile, or a column of a crossbar. `none`: drift is left alone.",
  "hardware.compensation.readout":
    "`lines`: all lines driven at once, sum of all line currents (1 input vector); `one-hot`: one line at a time, mean size of the differences of pairs, as IBM's aihwkit does.",
  "hardware.compensation.schedule": "When factors are measured.",
  "hardware.compensation.schedule[0].kind": "Right before use, in the same read: the best that calibration can do.",
  "hardware.compensation.schedule[1].kind": "At a fixed interval after programming.",
  "hardware.compensation.schedule[1].seconds": "Seconds from one calibration to the next.",
  "hardware.compensation.schedule[2].kind":
    "At ages that grow by a factor: drift is a straight line in the logarithm of time.",
  "hardware.compensation.schedule[2].first": "Seconds from programming to the first calibration.",
  "hardware.compensation.schedule[2].ratio": "Age at a calibration, divided by that at the one before.",
  "hardware.calibration":
    "What ranges of converters and factors of compensation are measured with. `currents`: exact currents, as an instrument beside the chip reads them; `codes`: the codes of the chip's own converters, with their errors. `compensation.readout` is of currents.",
  "hardware.chips": "Independently programmed chips to simulate.",
  training: "How it learns.",
  "training.batch": "Prompts (or images) per optimiser step.",
  "training.shards":
    "Fixed number of micro-batches a step is cut into; gradients are summed in this order, so results do not depend on the number of threads. BatchNorm statistics are taken over one shard.",
  "training.stages": "Run one after another; each goes on from the network of the one before.",
  "training.stages.name": "Shown in the log.",
  "training.stages.steps": "Optimiser steps of this stage.",
  "training.stages.learningRate":
    "Peak learning rate, reached after `warmup` steps and then lowered along a cosine to `finalFraction` of it.",
  "training.stages.warmup": "Steps over which the learning rate rises from 0 to its peak.",
  "training.stages.finalFraction": "Learning rate at the end of the stage, as a fraction of the peak.",
  "training.stages.attention":
    "`sampled` draws attention bits as the hardware does; `expected` passes the probabilities on unsampled, which learns faster and is meant for a first stage.",
  "training.stages.timeSteps":
    "Time steps T of a spiking network in this stage, instead of the model's: few steps first train faster.",
  "training.stages.depth":
    "Blocks of the network in this stage, at most the model's: few blocks first train faster. Where the next stage has more, they are repeated, and a copy adds nothing until it has learned to. Left out: the model's.",
  "training.stages.queryCopies":
    "Copies of every query in the prompts of this stage, the loss being that of their mean; `task.queryCopies` is for answers. Left out: one.",
  "training.stages.optimiser": "Instead of the optimiser of the whole training.",
  "training.stages.labels": "Instead of the labels of the whole training.",
  "training.stages.teacherShare": "Instead of the share of the whole training.",
  "training.stages.stepLoss": "Instead of the share of the whole training.",
  "training.stages.noise":
    "Forward-only noise that prepares the network for analog crossbars (hardware-aware training).",
  "training.stages.noise.weights":
    "Standard deviation added to each weight, relative to the largest |w| of its layer, or of its column where `hardware.crossbar.scaling` is `column`; drawn once per step.",
  "training.stages.noise.outputs":
    "Standard deviation added to each pre-activation of a spiking network, as converters do, relative to what its column varies by (BatchNorm's running deviation; the threshold where there is none); drawn for every row. The head has none.",
  "training.stages.noise.devices":
    "Weights as devices of `hardware.crossbar` hold them: in levels, with the mean and spread that their statistics give each level at some age, compensated for drift as the hardware is, and with its share of stuck devices; drawn once per step. Takes the place of `weights`.",
  "training.stages.noise.devices.youngest":
    "Youngest age at which a chip is read, seconds after programming. Each step's chip has an age, uniform in its logarithm.",
  "training.stages.noise.devices.oldest": "Oldest age. The same as the youngest: always that age.",
  "training.stages.noise.hardware":
    "All of it as the experiment's `hardware` has it: devices at any age from a second to `hardware.readTime`, and converters, whose offsets (what trims leave of them) and gains are drawn once per step, and whose noise and rounding for every row. What a code step is worth is measured on the network, column by column, at the start of the stage and at each validation. Takes the place of `weights`, `outputs` and `devices`. Wires are left out.",
  "training.stages.noise.dropConnect":
    "Share of weights that are 0 in a step's forward and backward pass (drop-connect).",
  "training.stages.clipWeights":
    "Weights are clipped to so many root mean squares of their column after every step: a few large weights would leave the others few levels.",
  "training.optimiser":
    "`adamw`, or `muon`: the weights of all layers but the head step along their momentum made orthogonal, everything else by AdamW with the same learning rate.",
  "training.weightDecay": "Decoupled weight decay, on matrices only.",
  "training.beta1": "Decay of AdamW's running mean of the gradient.",
  "training.beta2": "Decay of AdamW's running mean of the squared gradient.",
  "training.epsilon": "Added to AdamW's denominator.",
  "training.clipNorm": "Largest Euclidean norm of the whole gradient; larger ones are scaled down.",
  "training.labels":
    "What a prediction is compared with. `symbols`: the symbols sent. `posterior`: their exact posterior given the channel, which the generator knows: the same expected gradient with less variance; of an image no more is known than its class. `teacher`: the answers of the networks in `teacher`, who know no more than the prompt tells (distillation): less variance still, as far as the teacher is right.",
  "training.teacherShare":
    "Share of the target that a teacher's answers are where labels are `teacher`; the rest is what was sent, or the class of the image. Left out: all of it.",
  "training.labelSmoothing":
    "Share of what labels say that is spread evenly over all classes; a teacher's answers are left alone. Left out: none.",
  "training.stepLoss":
    "Share of a spiking network's loss that is taken at each time step, on that step's own logits, and then averaged; the rest is taken on the logits averaged over steps. 1 is temporal efficient training. Left out: none.",
  "training.spikeRate":
    "Adds a penalty on layers of a spiking network that fire often: `weight` times the square of what a layer's rate has above `target`, summed over its layers of LIF neurons. Left out: none.",
  "training.spikeRate.weight":
    "Nats that a layer costs whose rate is 1 above the target; at the default, 0.01 where it is 0.1 above.",
  "training.spikeRate.target":
    "Rate that costs nothing, spikes a neuron and time step. At 0, the default, every spike costs.",
  "training.teacher":
    "Checkpoint of the network that is asked where labels are `teacher`: a path relative to this file, or `bundled:NAME`. Of several networks, the mean of their answers is learned.",
  "training.teacherTask":
    "How the teacher sees the images, as far as it differs from the task: so a network behind a stem, which reads pixels, can teach one that reads patches. They are the same images, moved and mirrored alike. Left out: as the task has it.",
  "training.teacherTask.patch": "Instead of the task's.",
  "training.teacherTask.shift": "Instead of the task's.",
  "training.teacherTask.readOut": "Instead of the task's.",
  "training.teacherTask.coding": "Instead of the task's; only a spiking teacher reads lines.",
  "training.teacherTask.pixelBits": "Instead of the task's.",
  "training.teacherTask.thresholds": "Instead of the task's.",
  "training.teacherTask.remainderBits": "Instead of the task's.",
  "training.initial":
    "Checkpoint to start from, of the same model, of one with fewer blocks, whose new blocks then add nothing at first, of a spiking one with fewer channels in its stem, which are copied with neurons at other levels, or that reads fewer of a pixel's bits, whose others weigh nothing at first, or of an ANN of a spiking model's sizes, whose weights it takes: a path relative to this file, or `bundled:NAME`; fresh parameters when left out.",
  "training.initialShare":
    "Share that the network which training started from has in the one that comes out: after the last stage each weight is the mean of what it was and what it became. Left out: none.",
  "training.validateEvery": "Optimiser steps between validations.",
  "training.validationPrompts": "Prompts of the fixed validation set; all validation images where there are fewer.",
  "training.patience":
    "Stop a stage without noise on weights after this many validations without a new best; 0 never stops early.",
  "training.checkpointSeconds": "Seconds between checkpoints of the full training state.",
  evaluation: "What is measured.",
  "evaluation.prompts":
    "Prompts per point. 4096 prompts of 4 bits give a standard error of about 0.002 at a bit error rate of 0.06.",
  "evaluation.curvePrompts": "Prompts per point of the curves over SNR and over time steps.",
  "evaluation.curveChips": "Chips of the curve over SNR, counted from the first; null: all of them.",
  "evaluation.snrDecibels": "Signal-to-noise ratios at which curves are drawn, dB.",
  "evaluation.steps": "Time steps at which the bit error rate is measured.",
  "evaluation.exitMargin":
    "Reports besides what chips do that answer at the first time step at which the largest mean logit is ahead of the second by this much; of bits, every one. Left out: all steps are run, as in the paper. Needs `hardware.order` `step-major`. A margin is chosen on validation prompts.",
  checkpoints:
    "Trained networks: paths relative to this file, or `bundled:NAME`. `network` runs on the hardware; the others are compared with it.",
  "checkpoints.network": "Runs on the simulated hardware.",
  "checkpoints.conventional":
    "The same network from conventional training alone, without hardware-aware training: `xpike eval` shows what drift does to it.",
  "checkpoints.ann": "The conventional transformer, for comparison.",
  "checkpoints.spiking": "The digital spiking transformer with LIF attention, for comparison.",
};
