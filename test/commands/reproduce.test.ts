/**
 * `gyre reproduce` as a user meets it: a claim as a table, as JSON, and words for one that there is not.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { gyre, newFolder, removeFolder } from '../support/cli.ts';

const cwd = newFolder();
afterAll(() => removeFolder(cwd));

describe('a claim', () => {
  test('is told with its statement, its source and a row a setting', async () => {
    const { code, stdout } = await gyre(['reproduce', 'two-cycle'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('two-cycle: without momentum Adam on ½x² ends in a cycle');
    expect(stdout).toMatch(/^ {2}float32, lr 0\.001: \|x\| +theory +5e-4 +5e-4 +4\.95e-4 … 5\.05e-4 +yes/m);
    expect(stdout.trim().endsWith('all 6 rows pass')).toBe(true);
  });

  test('in JSON is one object a setting', async () => {
    const { code, stdout } = await gyre(['reproduce', 'constant-curvature', '--json'], { cwd });
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(15);
    for (const row of rows)
      expect(Object.keys(row).sort()).toEqual([
        'basis',
        'claim',
        'expected',
        'high',
        'low',
        'measured',
        'passed',
        'seconds',
        'setting',
      ]);
  });

  test('says which rows expect no more than an earlier number of our own', async () => {
    const { code, stdout } = await gyre(['reproduce', 'three-phases'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}β2 0\.91 converges: largest \|x\| +literature /m);
    expect(stdout).toMatch(/^ {2}β2 0\.8 oscillates: largest \|x\| +constancy /m);
    expect(stdout).toContain('constancy: 4 rows expect an earlier number of our own');
  });

  test('that there is not is refused, with those there are', async () => {
    const { code, stdout, stderr } = await gyre(['reproduce', 'two-cycles'], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('"two-cycles"');
    expect(stderr).toContain('two-cycle');
  });
});
