/** What `mutated-sweeps.test.ts` does, for a million sweeps. */
import { test } from 'vitest';
import { changedText, changedValues, checkPlans } from './mutated-sweeps.ts';

test('shipped sweeps with other values', () => checkPlans(changedValues, 400_000));
test('shipped sweeps with other text', () => checkPlans(changedText, 600_000));
