/**
 * The default number of threads under control groups: trees of files as Linux has them, injected in place of the root.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultThreads } from '../../src/pool/thread-count.ts';

const folder = mkdtempSync(join(tmpdir(), 'gyre-machine-'));
afterAll(() => rmSync(folder, { recursive: true }));

const V2 = '31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const V1 = '33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct';
const V1_OTHER = '34 25 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory';

let count = 0;
/** A root folder with these files. */
function rootWith(files: Readonly<Record<string, string>>): string {
  const root = join(folder, String(count++));
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

const threadsWith = (files: Readonly<Record<string, string>>, processors = 16) =>
  defaultThreads({ root: rootWith(files), processors });

test('without control groups there is one thread per processor', () => {
  expect(threadsWith({})).toBe(16);
  expect(threadsWith({}, 1)).toBe(1);
});

describe('version 2', () => {
  const cpu = (cgroup: string, files: Readonly<Record<string, string>>, processors = 16) =>
    threadsWith({ 'proc/self/cgroup': cgroup, 'proc/self/mountinfo': V2, ...files }, processors);

  test.each([
    ['200000 100000', 2],
    ['150000 100000', 2],
    ['100001 100000', 2],
    ['1000 100000', 1],
    ['3200000 100000', 16],
    ['max 100000', 16],
    ['', 16],
  ])('a quota of "%s" gives %d threads of 16', (max, threads) => {
    expect(cpu('0::/job', { 'sys/fs/cgroup/job/cpu.max': max })).toBe(threads);
  });

  test('the strictest group on the way up counts', () => {
    const files = {
      'sys/fs/cgroup/slurm/cpu.max': '300000 100000',
      'sys/fs/cgroup/slurm/job/cpu.max': '500000 100000',
      'sys/fs/cgroup/slurm/job/step/cpu.max': 'max 100000',
    };
    expect(cpu('0::/slurm/job/step', files)).toBe(3);
    expect(cpu('0::/slurm/job/step', files, 2)).toBe(2);
  });

  test('in a container the root of the hierarchy has a quota of its own', () => {
    expect(cpu('0::/', { 'sys/fs/cgroup/cpu.max': '400000 100000' })).toBe(4);
    expect(cpu('0::/docker/0123', { 'sys/fs/cgroup/cpu.max': '400000 100000' })).toBe(4);
  });
});

describe('version 1', () => {
  const cpu = (mountinfo: string, quota: string, period = '100000') =>
    threadsWith({
      'proc/self/cgroup': '9:memory:/elsewhere\n4:cpu,cpuacct:/batch/job\n0::/',
      'proc/self/mountinfo': [V1_OTHER, mountinfo].join('\n'),
      'sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_quota_us': quota,
      'sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_period_us': period,
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    });

  test.each([
    ['-1', 16],
    ['250000', 3],
    ['50000', 1],
  ])('a quota of %s per 100000 µs gives %d threads of 16', (quota, threads) => {
    expect(cpu(V1, quota)).toBe(threads);
  });

  test('the period counts too', () => {
    expect(cpu(V1, '250000', '50000')).toBe(5);
  });

  test('a container whose own group is mounted is found at the mount', () => {
    const files = {
      'proc/self/cgroup': '4:cpu,cpuacct:/docker/0123/job',
      'proc/self/mountinfo': V1.replace(' / /sys', ' /docker/0123 /sys'),
      'sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us': '200000',
      'sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us': '100000',
    };
    expect(threadsWith(files)).toBe(2);
  });
});

test('this machine grants at least one thread and no more than its processors', () => {
  expect(defaultThreads()).toBeGreaterThanOrEqual(1);
  expect(defaultThreads()).toBeLessThanOrEqual(availableParallelism());
});
