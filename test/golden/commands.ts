/** The commands that make the golden run, for `npm run golden` and for the test that holds it to its bytes. */

/** Arguments of `gyre`, one command after another. `golden` is the folder with the sweep, `out` that of the run. */
export const goldenCommands = (golden: string, out: string): string[][] => [
  ['run', `${golden}/run.yaml`, '--out', out, '--threads', '1', '--commits', 'declared', '--plain'],
  ['replay', out, '--network', '0-3', '--epochs', '0..10,600..610', '--threads', '1'],
];
