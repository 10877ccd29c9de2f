/**
 * The published image sets that can be loaded by name: classes, files, addresses, licence, checksums.
 *
 * `contents` holds the SHA-256 of each file after gunzip, because mirrors and distributions recompress. Those of Fashion-MNIST
 * were computed from Debian's package dataset-fashion-mnist 0.0~git20200523. Those of MNIST and CIFAR-10 are quoted, not computed
 * here: MNIST's as many projects print them for the files of yann.lecun.com, CIFAR-10's as the TorchVision port for Ruby prints
 * it for the archive of cs.toronto.edu, whose MD5 sum its authors also print.
 */
import { didYouMean, SpecError } from "../errors.ts";

export type ImageDataName = "mnist" | "fashion-mnist" | "cifar-10" | "fashion-mnist-slice" | "mnist-slice";

export interface PublishedFile {
  readonly name: string;
  /** Size as published. A mirror that recompressed may differ. */
  readonly bytes: number;
  readonly sha256: string;
  /** Whether `sha256` is that of the file itself, or of its contents after gunzip. */
  readonly of: "file" | "content";
}

export interface PublishedImages {
  readonly name: ImageDataName;
  readonly title: string;
  readonly classes: readonly string[];
  readonly layout: "idx" | "cifar";
  /** Images for training and for testing, as published. */
  readonly images: readonly [train: number, test: number];
  readonly licence: string;
  readonly reference: string;
  /** Folders that hold `files`, in the order in which they are tried. */
  readonly addresses: readonly string[];
  /** The files to download. */
  readonly files: readonly PublishedFile[];
  /** Names of subfolders of the data folder in which the files may be. */
  readonly folders: readonly string[];
  /** SHA-256 of each file without gzip or tar. */
  readonly contents: Readonly<Record<string, string>>;
}

const TRAIN_IMAGES = "train-images-idx3-ubyte";
const TRAIN_LABELS = "train-labels-idx1-ubyte";
const TEST_IMAGES = "t10k-images-idx3-ubyte";
const TEST_LABELS = "t10k-labels-idx1-ubyte";

/** The files of an IDX set, without `.gz`. */
export const IDX_FILES = {
  trainImages: TRAIN_IMAGES,
  trainLabels: TRAIN_LABELS,
  testImages: TEST_IMAGES,
  testLabels: TEST_LABELS,
};

/** CIFAR-10's archive, and the batches in it. */
export const CIFAR_ARCHIVE = "cifar-10-binary.tar.gz";
export const CIFAR_TRAIN = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);
export const CIFAR_TEST = "test_batch.bin";

const mnistContents = {
  [TRAIN_IMAGES]: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  [TRAIN_LABELS]: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  [TEST_IMAGES]: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  [TEST_LABELS]: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const FASHION_CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

const fashionContents = {
  [TRAIN_IMAGES]: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
  [TRAIN_LABELS]: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
  [TEST_IMAGES]: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
  [TEST_LABELS]: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
};

/** `sizes` in the order of `contents`. */
function gzipFiles(contents: Readonly<Record<string, string>>, sizes: readonly number[]): PublishedFile[] {
  return Object.entries(contents).map(([name, sha256], i) => ({
    name: `${name}.gz`,
    bytes: sizes[i],
    sha256,
    of: "content" as const,
  }));
}

export const IMAGE_DATA: readonly PublishedImages[] = [
  {
    name: "mnist",
    title: "MNIST: handwritten digits, 28 x 28, grey",
    classes: DIGITS,
    layout: "idx",
    images: [60_000, 10_000],
    licence: "CC BY-SA 3.0, as commonly stated",
    reference: "LeCun, Cortes, Burges, The MNIST database of handwritten digits, 1998",
    addresses: [
      "https://storage.googleapis.com/cvdf-datasets/mnist/",
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      "http://yann.lecun.com/exdb/mnist/",
    ],
    files: gzipFiles(mnistContents, [9_912_422, 28_881, 1_648_877, 4_542]),
    folders: ["mnist"],
    contents: mnistContents,
  },
  {
    name: "fashion-mnist",
    title: "Fashion-MNIST: articles of clothing, 28 x 28, grey",
    classes: FASHION_CLASSES,
    layout: "idx",
    images: [60_000, 10_000],
    licence: "MIT",
    reference: "Xiao, Rasul, Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017",
    addresses: [
      "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ],
    files: gzipFiles(fashionContents, [26_421_880, 29_515, 4_422_102, 5_148]),
    folders: ["fashion-mnist"],
    contents: fashionContents,
  },
  {
    name: "cifar-10",
    title: "CIFAR-10: ten kinds of objects, 32 x 32, colour",
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    layout: "cifar",
    images: [50_000, 10_000],
    licence: "none stated by the authors; in use for research",
    reference: "Krizhevsky, Learning multiple layers of features from tiny images, 2009",
    addresses: ["https://www.cs.toronto.edu/~kriz/"],
    files: [
      {
        name: CIFAR_ARCHIVE,
        bytes: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        of: "file",
      },
    ],
    folders: ["cifar-10", "cifar-10-batches-bin"],
    contents: {
      "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
      "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
      "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
      "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
      "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
      "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    },
  },
  {
    name: "fashion-mnist-slice",
    title: "the first 100 training and 50 test images of each class of Fashion-MNIST; comes with this package",
    classes: FASHION_CLASSES,
    layout: "idx",
    images: [1000, 500],
    licence: "MIT",
    reference: "Xiao, Rasul, Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017",
    addresses: [],
    files: [],
    folders: ["fashion-mnist-slice"],
    contents: {
      [TRAIN_IMAGES]: "a7e53275975bcefa1ef1bcac502fe6f5e4fd01774d43792f4a839144acf524f3",
      [TRAIN_LABELS]: "9f361592fa79786ffb0f262ede3ea19f20772797efa627328326451c74b21126",
      [TEST_IMAGES]: "8fdf02ada67d92f4db5ba3c2f6c5b1cc6186ba6e0efd4914661e4389e103b81e",
      [TEST_LABELS]: "9c71808b3a0ebfc091442c0009a7aa35be2d9622bf6aaf6891ce9a0088e96c07",
    },
  },
  {
    name: "mnist-slice",
    title: "the first 50 training and 50 test images of each class of MNIST; comes with this package",
    classes: DIGITS,
    layout: "idx",
    images: [500, 500],
    licence: "CC BY-SA 3.0, as commonly stated",
    reference: "LeCun, Cortes, Burges, The MNIST database of handwritten digits, 1998",
    addresses: [],
    files: [],
    folders: ["mnist-slice"],
    contents: {
      [TRAIN_IMAGES]: "7a74a8ab5f68427a871c362ece24c065db2dd19b84a3d688f01f233255ad9d64",
      [TRAIN_LABELS]: "81ed0a4439aa1dd4d35933225307ffb955fcc201c8633f811480ab3c106c635c",
      [TEST_IMAGES]: "97ec3e530cd55441a2c634c869ee2db6ac4224e52db5b7b8f60743ac7c976ec7",
      [TEST_LABELS]: "ff9110acc0bd87bce7a4ef183f1e00fcd66145d7f0db2ed8cd3aee4b1f6d5b03",
    },
  },
];

/** Published sets of which the package has a slice, with the slice's name. */
export const SLICES: Readonly<Partial<Record<ImageDataName, ImageDataName>>> = {
  mnist: "mnist-slice",
  "fashion-mnist": "fashion-mnist-slice",
};

/** Throws SpecError for a name that is not in the catalogue. */
export function findImageData(name: string): PublishedImages {
  const found = IMAGE_DATA.find((set) => set.name === name);
  if (found) return found;
  const names = IMAGE_DATA.map((set) => set.name);
  throw new SpecError(
    "data",
    `There is no data set "${name}". Known data sets: ${names.join(", ")}.${didYouMean(name, names)}`,
  );
}
