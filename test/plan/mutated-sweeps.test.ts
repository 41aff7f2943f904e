/**
 * Ten thousand changed sweeps are each a plan or mistakes that say where they are: no other error, and nothing of the
 * program's insides in a message. A failure prints the seed that makes it again; the soak has many more.
 */
import { test } from 'vitest';
import { changedText, changedValues, checkPlans } from './mutated-sweeps.ts';

/** A busy machine may take a while. */
const TIME_MS_MAX = 300_000;

test('shipped sweeps with other values', () => checkPlans(changedValues, 5000), TIME_MS_MAX);
test('shipped sweeps with other text', () => checkPlans(changedText, 5000), TIME_MS_MAX);
