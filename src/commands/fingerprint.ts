/**
 * `gyre fingerprint`: one line that two runs share if and only if every bit of every network is the same.
 */
import { RunError } from '../../schemas/problems.ts';
import { shardText } from '../../schemas/shard.ts';
import { count } from '../display/format.ts';
import { range } from '../display/view-model.ts';
import { readRun } from '../run/folder.ts';
import { findRun } from './find-run.ts';
import { printJson, printLine, tellUser } from './output.ts';

/** Prints the fingerprint of a run; of a shard, that of its own networks alone. Returns the exit code. */
export function fingerprintCommand(name: string, { json }: { json?: boolean }): number {
  const { folder, manifest, networks, results } = readRun(findRun(name));
  const { shard } = manifest;
  const fingerprint = results.fingerprint(networks);
  if (fingerprint === null) {
    const missing = networks.filter(({ id }) => !results.isDone(id)).map(({ id }) => id);
    throw new RunError({
      where: folder,
      got:
        `an incomplete run: ${count(missing.length)} of ${count(networks.length)} networks are missing ` +
        `(${range(missing)})`,
      remedy: 'continue it with the gyre run command that began it',
    });
  }
  if (json === true) {
    const part = shard === undefined ? {} : { shard: shardText(shard) };
    printJson({ folder, ...part, networks: networks.length, fingerprint });
    return 0;
  }
  if (shard !== undefined)
    tellUser(
      `of the ${count(networks.length)} networks of shard ${shardText(shard)}; the run's own comes of gyre merge`,
    );
  printLine(fingerprint);
  return 0;
}
