/**
 * The smallest of the last losses at every epoch, against a look at all of them, handed on at any epoch; and how short
 * a window is saved.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberReader, NumberWriter } from '../../src/detect/numbers.ts';
import { SlidingMinimum } from '../../src/detect/sliding-minimum.ts';

/** Another minimum that goes on with what one has saved, and how long the window was then. */
function handedOn(minimum: SlidingMinimum, length: number): { next: SlidingMinimum; saved: number } {
  const numbers = new NumberWriter();
  minimum.save(numbers);
  const window = minimum.window();
  const next = new SlidingMinimum(new Float64Array(length));
  next.restore(new NumberReader(numbers.finish()), window);
  return { next, saved: window.length };
}

test('is the smallest of the last losses at every epoch, wherever it is handed on', async () => {
  const loss = fc.oneof(fc.constantFrom(1, 2, Number.NaN, Number.POSITIVE_INFINITY), fc.double({ min: 0, max: 3 }));
  await fc.assert(
    fc.property(
      fc.array(loss, { maxLength: 60 }),
      fc.integer({ min: 2, max: 9 }),
      fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 6 }),
      (losses, length, handedOnAt) => {
        let minimum = new SlidingMinimum(new Float64Array(length));
        for (const [i, value] of losses.entries()) {
          minimum.push(value);
          if (handedOnAt.includes(i)) minimum = handedOn(minimum, length).next;
          const last = losses.slice(Math.max(0, i + 1 - length), i + 1).filter((value) => !Number.isNaN(value));
          expect(minimum.value).toBe(Math.min(...last));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('is saved in two runs of a descent, and never in more numbers than it has', () => {
  const [length, pushed] = [1000, 1700];
  const savedAfter = (lossAt: (i: number) => number) => {
    const minimum = new SlidingMinimum(new Float64Array(length));
    for (let i = 0; i < pushed; i++) minimum.push(lossAt(i));
    return handedOn(minimum, length).saved;
  };
  expect(savedAfter((i) => 1 / (1 + i))).toBe(4);
  expect(savedAfter((i) => 1 + i)).toBe(length);
});
