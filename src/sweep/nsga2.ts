/**
 * NSGA-II: an evolutionary search for the Pareto front.
 *
 * Each generation mates the better points, creates as many new ones, and keeps the best of both: first those in the lower
 * non-domination layers, then, within the last layer that has room, those with the largest crowding distance. Limits come before
 * objectives: a point that keeps them is better than any that does not (Deb's rule).
 *
 * A genome has one number per gene: a share u in [0, 1] of a range, or the index of a choice. Numbers use simulated binary
 * crossover (index 15) and polynomial mutation (index 20), both bounded; choices are swapped, and redrawn.
 *
 * Two things differ from the paper: no genome is requested twice, so a known child is bred again; and the first population is a
 * Latin hypercube. Powers use basic operations (`numeric/exponential.ts`), so that a seed gives the same result on every platform.
 *
 * Source   K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Transactions
 *          on Evolutionary Computation 6 (2002) 182-197, doi:10.1109/4235.996017; the bounded operators are those of the authors' program
 */
import { exponential } from "../numeric/exponential.ts";
import { naturalLog, type Stream } from "../numeric/stream.ts";
import { beats, type Costs } from "./front.ts";

/** The result of a genome. */
export interface Fitness {
  /** Values to minimise. */
  readonly costs: Costs;
  /** By how much limits are violated; 0 keeps them, infinity is not a valid point. */
  readonly violation: number;
}

/** `null` is a share of a range; a number is the number of choices. */
export type Gene = number | null;
export type Genome = readonly number[];

export interface SearchOptions {
  readonly population: number;
  /** Maximum number of genomes requested. */
  readonly evaluations: number;
  readonly random: Stream;
  /** Genomes with the same key are the same point. */
  readonly keyOf: (genome: Genome) => string;
}

const CROSSED = 0.9;
const CROSSOVER_INDEX = 15;
const MUTATION_INDEX = 20;
/** Draws for each new point before the space counts as exhausted; the second half has no parents. */
const TRIES = 200;

/** True if `a` is better than `b`, by limits first. */
export function dominates(a: Fitness, b: Fitness): boolean {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation;
  return beats(a.costs, b.costs);
}

/** The layer of each point: 0 if no point dominates it, 1 if only layer 0 does, and so on. */
export function layersOf(all: readonly Fitness[]): Int32Array {
  const beaten: number[][] = all.map(() => []);
  const beatenBy = new Int32Array(all.length);
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      const [better, worse] = dominates(all[i], all[j]) ? [i, j] : dominates(all[j], all[i]) ? [j, i] : [-1, -1];
      if (better < 0) continue;
      beaten[better].push(worse);
      beatenBy[worse]++;
    }
  }
  const layers = new Int32Array(all.length);
  let current = all.flatMap((_, i) => (beatenBy[i] === 0 ? [i] : []));
  for (let layer = 0; current.length > 0; layer++) {
    const next: number[] = [];
    for (const i of current) {
      layers[i] = layer;
      for (const j of beaten[i]) if (--beatenBy[j] === 0) next.push(j);
    }
    current = next;
  }
  return layers;
}

/** For the points of one layer, the crowding distance: the sum over objectives of the gap around each, infinite at the ends. */
export function crowdingOf(costs: readonly Costs[]): Float64Array {
  const crowding = new Float64Array(costs.length);
  for (let m = 0; m < (costs[0]?.length ?? 0); m++) {
    const order = costs.map((_, i) => i).sort((i, j) => costs[i][m] - costs[j][m] || i - j);
    const [first, last] = [order[0], order[order.length - 1]];
    const width = costs[last][m] - costs[first][m];
    crowding[first] = crowding[last] = Number.POSITIVE_INFINITY;
    // If all values are equal or cannot be measured, there is no gap.
    if (!(width > 0 && Number.isFinite(width))) continue;
    for (let k = 1; k < order.length - 1; k++) {
      crowding[order[k]] += (costs[order[k + 1]][m] - costs[order[k - 1]][m]) / width;
    }
  }
  return crowding;
}

interface Member extends Fitness {
  readonly genome: Genome;
  readonly layer: number;
  readonly crowding: number;
}

/**
 * Yields generations of genomes, and receives the fitness of each. Ends after `evaluations`, or when no further genome is found.
 *
 * Random   `random`, forked by generation: a generation depends on earlier ones only through their fitness
 */
export function* searchFront(
  genes: readonly Gene[],
  { population, evaluations, random, keyOf }: SearchOptions,
): Generator<readonly Genome[], void, readonly Fitness[]> {
  const known = new Set<string>();
  const fresh = (genome: Genome): boolean => {
    const key = keyOf(genome);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  };
  /** The requested number of new genomes, or fewer if none are left. */
  function collect(wanted: number, draw: (attempt: number) => readonly Genome[]): Genome[] {
    const found: Genome[] = [];
    for (let attempt = 0; found.length < wanted && attempt < TRIES * wanted; attempt++) {
      for (const genome of draw(attempt)) if (found.length < wanted && fresh(genome)) found.push(genome);
    }
    return found;
  }

  let members: Member[] = [];
  for (let generation = 0; known.size < evaluations; generation++) {
    const draws = random.fork("generation", generation);
    const wanted = Math.min(population, evaluations - known.size);
    const first = generation === 0 ? hypercube(genes, wanted, draws) : [];
    const genomes = collect(wanted, (attempt) => {
      if (attempt < first.length) return [first[attempt]];
      if (members.length < 2 || attempt > (TRIES * wanted) / 2) return [genes.map((gene) => drawGene(gene, draws))];
      return breed(tournament(members, draws), tournament(members, draws), genes, draws);
    });
    if (genomes.length === 0) return;
    const fitness = yield genomes;
    members = select([...members, ...genomes.map((genome, i) => ({ genome, ...fitness[i] }))], population);
  }
}

/** The best of all, by layer and then by crowding; equal ones keep their order. */
function select(all: readonly (Fitness & { readonly genome: Genome })[], size: number): Member[] {
  const layers = layersOf(all);
  const crowding = new Float64Array(all.length);
  for (let layer = 0; layer <= Math.max(...layers); layer++) {
    const own = all.flatMap((_, i) => (layers[i] === layer ? [i] : []));
    for (const [k, value] of crowdingOf(own.map((i) => all[i].costs)).entries()) crowding[own[k]] = value;
  }
  return all
    .map((member, i) => ({ ...member, layer: layers[i], crowding: crowding[i], i }))
    .sort((a, b) => a.layer - b.layer || compare(b.crowding, a.crowding) || a.i - b.i)
    .slice(0, size);
}

/** Two infinities are equal, which their difference would not show. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** The better of two drawn points. */
function tournament(members: readonly Member[], random: Stream): Genome {
  const [a, b] = [members[random.integer(members.length)], members[random.integer(members.length)]];
  return (compare(a.layer, b.layer) || compare(b.crowding, a.crowding)) <= 0 ? a.genome : b.genome;
}

/** Two children of two parents. */
function breed(a: Genome, b: Genome, genes: readonly Gene[], random: Stream): [Genome, Genome] {
  const [one, other] = [[...a], [...b]];
  if (random.uniform() < CROSSED) {
    for (const [g, gene] of genes.entries()) {
      if (random.uniform() < 0.5) continue;
      [one[g], other[g]] = gene === null ? crossed(a[g], b[g], random) : [b[g], a[g]];
    }
  }
  for (const child of [one, other]) {
    for (const [g, gene] of genes.entries()) {
      if (random.uniform() * genes.length >= 1) continue;
      child[g] = gene === null ? mutated(child[g], random) : drawGene(gene, random);
    }
  }
  return [one, other];
}

const power = (base: number, exponent: number): number => (base > 0 ? exponential(exponent * naturalLog(base)) : 0);
const within = (u: number): number => Math.min(1, Math.max(0, u));

/** Simulated binary crossover in [0, 1]: children are about as far apart as their parents. */
function crossed(a: number, b: number, random: Stream): [number, number] {
  const [low, high] = a < b ? [a, b] : [b, a];
  const u = random.uniform();
  const turned = random.uniform() < 0.5;
  if (high - low < 1e-14) return [a, b];
  const spread = (room: number): number => {
    const alpha = 2 - power(1 + (2 * room) / (high - low), -(CROSSOVER_INDEX + 1));
    return power(u <= 1 / alpha ? u * alpha : 1 / (2 - u * alpha), 1 / (CROSSOVER_INDEX + 1));
  };
  const lower = within(0.5 * (low + high - spread(low) * (high - low)));
  const upper = within(0.5 * (low + high + spread(1 - high) * (high - low)));
  return turned ? [upper, lower] : [lower, upper];
}

/** Polynomial mutation in [0, 1]. */
function mutated(x: number, random: Stream): number {
  const u = random.uniform();
  const exponent = MUTATION_INDEX + 1;
  const [near, far] = u < 0.5 ? [u, x] : [1 - u, 1 - x];
  const step = 1 - power(2 * near + (1 - 2 * near) * power(1 - far, exponent), 1 / exponent);
  return within(u < 0.5 ? x - step : x + step);
}

const drawGene = (gene: Gene, random: Stream): number => (gene === null ? random.uniform() : random.integer(gene));

/** A Latin hypercube: every part of each range has one genome, and choices are used equally often. */
function hypercube(genes: readonly Gene[], count: number, random: Stream): Genome[] {
  const columns = genes.map((gene, g) => {
    const draws = random.fork("first", g);
    const parts = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = draws.integer(i + 1);
      [parts[i], parts[j]] = [parts[j], parts[i]];
    }
    return parts.map((part) => {
      const u = (part + draws.uniform()) / count;
      return gene === null ? u : Math.min(gene - 1, Math.floor(u * gene));
    });
  });
  return Array.from({ length: count }, (_, i) => columns.map((column) => column[i]));
}
