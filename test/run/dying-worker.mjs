/**
 * A training thread that dies as a test has planned it in `deaths.json` beside the run's folder: each time it gets the
 * task with a certain network (trained by some epochs already, where planned so), until it has died often enough. It
 * dies after it has written all its rows, so that a run that counted them would have them twice. A deaf one does not
 * die by itself: it goes on for ever without a look at the control words, as one in the midst of a very large network.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runTask as train } from '../../dist/workers/train.js';

export function runTask(request) {
  const folder = dirname(dirname(dirname(request.segments.epochs.path)));
  const { network, times, how, fromEpoch = 0 } = JSON.parse(readFileSync(join(folder, 'deaths.json'), 'utf8'));
  const counter = join(folder, 'deaths');
  const deaths = existsSync(counter) ? readFileSync(counter).length : 0;
  const outcome = train(request);
  const isPlanned = request.groups.some(
    ({ networks, epoch }) => epoch >= fromEpoch && networks.some(({ id }) => id === network),
  );
  if (!isPlanned || deaths >= times) return outcome;
  appendFileSync(counter, '.');
  if (how === 'deaf') for (;;);
  if (how === 'exit') process.exit(3);
  throw new Error('a planned death');
}
