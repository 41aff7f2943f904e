/**
 * A small kernel as people read it, against a golden file: a change of a kernel is a change that somebody has seen.
 * Where the listing differs, what was found stands beside the old one in kernel-1-2-1.actual.txt.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { programOf } from '../../src/kernel/network/program.ts';
import { printListing } from '../../src/kernel/printers/print-listing.ts';
import { networksOf, UPDATES, variedLanes } from './groups.ts';

const golden = new URL('../golden/kernel-1-2-1.txt', import.meta.url);
const actual = new URL('../golden/kernel-1-2-1.actual.txt', import.meta.url);

test('the kernel of 1-2-1 under tanh and adam torch in float32 with 3 samples is the one that is known', () => {
  const { shape } = networksOf({
    ...{ layers: [1, 2, 1], activation: 'tanh', update: UPDATES[0], precision: 'float32', subnormals: 'ieee' },
    ...{ sampleCount: 3, lanes: 4, chunkEpochs: 1000, subchunkEpochs: 100, networks: variedLanes(4), seed: 0 },
  });
  const listing = printListing(programOf(shape));
  const known = existsSync(golden) ? readFileSync(golden, 'utf8') : '';
  if (listing !== known) writeFileSync(actual, listing);
  expect(listing).toBe(known);
});
