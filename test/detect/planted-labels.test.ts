/**
 * Planted networks: courses of the loss drawn for each outcome and each motion, under noise, at any level and height.
 * The words must be those that were planted.
 */
import { expect, test } from 'vitest';
import { MOTION_NAMES, type MotionName, OUTCOME_NAMES, type OutcomeName } from '../../schemas/catalogue.ts';
import { moving, randomFrom, type Signals, type WatchOptions, watch } from './signals.ts';

const RUNS = 100;
const EPOCHS = 5000;
/** The tail has 1000 epochs, and a level shift that is known before it begins before this epoch. */
const LAST_EARLY_SHIFT = 1900;

type Random = (low: number, high: number) => number;

/** The level of the loss at each epoch, in units of the targets' variance. */
type Course = (epoch: number) => number;

/** From a first loss of one to three variances down to a level, within some epochs. */
function descent(random: Random, level: number): Course {
  const [first, length] = [random(1, 3), random(100, 1500)];
  return (epoch) => first * (level / first) ** Math.min(1, (epoch - 1) / length);
}

/** A descent, and from some epoch on another level. */
function shifted(random: Random, levels: { best: number; last: number; at: number }): Course {
  const before = descent(random, levels.best);
  return (epoch) => (epoch < levels.at ? before(epoch) : levels.last);
}

const decade = (random: Random, low: number, high: number) => 10 ** random(low, high);

/** The level of a network that ends with an outcome; `latest` is the last epoch at which it may change. */
const COURSES: Readonly<Record<Exclude<OutcomeName, 'failed'>, (random: Random, latest: number) => Course>> = {
  'non-finite': (random, latest) => {
    const [before, at] = [descent(random, decade(random, -4, 0)), random(1700, latest)];
    return (epoch) => (epoch < at ? before(epoch) : Number.NaN);
  },
  exploded: (random, latest) =>
    shifted(random, { best: decade(random, -5, 0), last: decade(random, 1.2, 6), at: random(1700, latest) }),
  untrained: (random) => descent(random, random(0.15, 0.9)),
  collapsed: (random, latest) =>
    shifted(random, { best: decade(random, -5, -1.5), last: random(0.2, 1.1), at: random(1700, latest) }),
  degraded: (random, latest) => {
    const best = decade(random, -7, -3.5);
    return shifted(random, { best, last: best * decade(random, 1.3, 2), at: random(1700, latest) });
  },
  learned: (random) => descent(random, decade(random, -7, -1.3)),
};

/** What a motion does to the tail: factors of the loss, and the other signals. */
interface Tail {
  readonly factor: Course;
  readonly flips?: number;
  readonly isFrozen?: boolean;
  readonly isShuffled?: boolean;
}

/** `from` is the first epoch of the motion; noise stays within a per cent or so. */
const TAILS: Readonly<Record<MotionName, (random: Random, from: number) => Tail>> = {
  frozen: () => ({ factor: () => 1, isFrozen: true }),
  spiking: (random) => {
    const [every, height, rate] = [Math.round(random(60, 300)), decade(random, 0.8, 3), random(0.2, 0.6)];
    return { factor: (epoch) => 1 + height * Math.exp(-rate * (epoch % every)), flips: random(0, 0.5) };
  },
  bursting: (random) => {
    const [every, height] = [Math.round(random(100, 300)), decade(random, 1.2, 3)];
    return { factor: (epoch) => (epoch % every < 5 ? 1 : height * random(0.7, 1.4)), flips: random(0, 0.5) };
  },
  noisy: (random) => {
    const width = random(0.05, 0.3);
    return { factor: () => 1 + random(-width, width), flips: random(0.1, 0.6), isShuffled: true };
  },
  oscillating: (random) => {
    const width = random(0, 0.2);
    return { factor: (epoch) => (epoch % 2 === 0 ? 1 + width : 1), flips: 1 };
  },
  fluctuating: (random) => {
    const width = random(0.08, 0.3);
    return { factor: () => 1 + random(-width, width), flips: random(0.05, 0.8) };
  },
  rising: (random, from) => {
    const rate = Math.log(random(1.2, 1.8)) / (EPOCHS - from);
    return { factor: (epoch) => Math.exp(rate * (epoch - from)) };
  },
  descending: (random, from) => {
    const rate = Math.log(random(1.2, 10)) / (EPOCHS - from);
    return { factor: (epoch) => Math.exp(-rate * (epoch - from)) };
  },
  steady: () => ({ factor: () => 1 }),
};

function signalsOf(random: Random, course: Course, tail: Tail, from: number): Signals {
  const epochs = Array.from({ length: EPOCHS }, (_, i) => i + 1);
  const loss = epochs.map((epoch) => {
    const noise = tail.isFrozen ? 1 : 1 + random(-0.005, 0.005);
    return course(epoch) * (epoch < from ? noise : noise * tail.factor(epoch));
  });
  return moving(loss, {
    updateCosine: epochs.map((epoch) => (epoch >= from && random(0, 1) < (tail.flips ?? 0) ? -0.9 : 0.4)),
    changedParameters: epochs.map((epoch) => (epoch >= from && tail.isFrozen ? 0 : 9)),
    nonFinite: loss.map((value) => Number(Number.isNaN(value))),
  });
}

/** Counts of planted and found words, and the share of each that agrees: recall and precision. */
class Confusion<Word extends string> {
  readonly #pairs = new Map<string, number>();
  readonly #words: readonly Word[];

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  count(planted: Word, found: string | null): void {
    const pair = `${planted} → ${found}`;
    this.#pairs.set(pair, (this.#pairs.get(pair) ?? 0) + 1);
  }

  expectAtLeast(share: number): void {
    const all = [...this.#pairs].map(([pair, count]) => ({ words: pair.split(' → '), count }));
    const sum = (side: 0 | 1, word: string) =>
      all.filter(({ words }) => words[side] === word).reduce((total, { count }) => total + count, 0);
    for (const word of this.#words) {
      const right = this.#pairs.get(`${word} → ${word}`) ?? 0;
      const context = `${word}: ${JSON.stringify([...this.#pairs])}`;
      expect(right / sum(0, word), `recall of ${context}`).toBeGreaterThanOrEqual(share);
      expect(right / sum(1, word), `precision of ${context}`).toBeGreaterThanOrEqual(share);
    }
  }
}

/** A new seed each time; a failure names it. */
const seed = Number(process.env.GYRE_PLANTED_SEED ?? Math.floor(Math.random() * 2 ** 30));

function plant(run: number, outcome: Exclude<OutcomeName, 'failed'>, motion: MotionName, latest: number) {
  const uniform = randomFrom(seed + run);
  const random: Random = (low, high) => low + (high - low) * uniform();
  const from = Math.floor(random(2500, 3900));
  const tail = TAILS[motion](random, from);
  const options: WatchOptions = { isShuffled: tail.isShuffled === true, chunks: [250], subchunkEpochs: 25 };
  return watch(signalsOf(random, COURSES[outcome](random, latest), tail, from), options).readings;
}

test(`planted outcomes are found with precision and recall of at least 0.98 (seed ${seed})`, () => {
  const outcomes = OUTCOME_NAMES.filter((name) => name !== 'failed');
  const confusion = new Confusion(outcomes);
  const latest = EPOCHS - 150;
  for (const [i, outcome] of outcomes.entries())
    for (let run = 0; run < RUNS; run++)
      confusion.count(outcome, plant(1000 * i + run, outcome, 'steady', latest).outcome);
  confusion.expectAtLeast(0.98);
});

test(`planted motions are found with precision and recall of at least 0.98 (seed ${seed})`, () => {
  const confusion = new Confusion(MOTION_NAMES);
  const outcomes = ['learned', 'untrained', 'collapsed', 'degraded'] as const;
  for (const [i, motion] of MOTION_NAMES.entries()) {
    for (let run = 0; run < RUNS; run++) {
      const readings = plant(10_000 + 1000 * i + run, outcomes[run % outcomes.length], motion, LAST_EARLY_SHIFT);
      confusion.count(motion, readings.motion);
    }
  }
  confusion.expectAtLeast(0.98);
});
