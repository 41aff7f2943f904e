/**
 * The lease of a run's folder: one living process at a time, none that is dead, and no neighbour's word for one that is
 * elsewhere.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BEAT_MS, beatText } from '../../src/run/heartbeat.ts';
import {
  acquireLease,
  breakLease,
  type Lease,
  LeaseView,
  leaseHolder,
  sightLease,
  watchLease,
} from '../../src/run/lease.ts';
import { isGone, type Owner, ownerText, parseOwner, thisOwner } from '../../src/run/owner.ts';
import { scratchFolder } from '../support/runs.ts';

const leasePath = () => join(scratchFolder(), 'lock');
/** Without a thread: most tests look at nothing that takes a second. */
const acquire = (path: string): Lease => acquireLease(path, { hasHeartbeat: false });

/** A process that lives until it is killed. */
function sleeper() {
  const child = spawn('sleep', ['600']);
  if (child.pid === undefined) throw new Error('no process');
  return { child, pid: child.pid };
}

/** Writes a lease of somebody else; returns its owner. */
function writeLease(path: string, changes: Partial<Owner>, beat = 0): Owner {
  const owner = { ...thisOwner(), startTicks: null, ...changes };
  writeFileSync(path, `${JSON.stringify(owner)}\n${beatText(beat)}\n`);
  return owner;
}

const ELSEWHERE: readonly (readonly [string, Partial<Owner>])[] = [
  ['another host', { host: 'node-17' }],
  ['another boot of this host', { bootId: '00000000-0000-4000-8000-000000000000' }],
  ['another PID namespace', { pidNamespace: 'pid:[1]' }],
];

describe('a lease', () => {
  test('names its process, is refused to a second one, and is gone when given back', () => {
    const path = leasePath();
    expect(leaseHolder(path)).toBe(null);
    const lease = acquire(path);
    expect(readdirSync(dirname(path))).toEqual(['lock']);
    expect(leaseHolder(path)).toMatchObject({ pid: process.pid });
    expect(() => acquire(path)).toThrow(
      `${path}: got a run that process ${process.pid} works on, expected one process per run ` +
        '(wait for it, or stop it; ',
    );
    lease.hold();
    lease.release();
    expect(existsSync(path)).toBe(false);
    acquire(path).release();
  });

  test('of another living process here is refused, and free once it is dead', async () => {
    const path = leasePath();
    const { child, pid } = sleeper();
    writeLease(path, { pid });
    expect(() => acquire(path)).toThrow(`process ${pid} works on`);
    child.kill();
    await once(child, 'exit');
    expect(leaseHolder(path)).toBe(null);
    acquire(path).release();
  });

  test('is free if its process number now belongs to another process, this one included', async () => {
    const { child, pid } = sleeper();
    for (const gone of [{ pid, startTicks: '1' }, { pid: process.pid }]) {
      const path = leasePath();
      writeLease(path, gone);
      expect(leaseHolder(path)).toBe(null);
      acquire(path).release();
    }
    child.kill();
    await once(child, 'exit');
  });

  test('of a process that is dead and not yet buried is free', async () => {
    // A child of a shell that is another program by the time it dies, and does not bury it.
    const parent = spawn('bash', ['-c', 'exec 3<&0; (read <&3) & echo $!; exec sleep 600']);
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    while (readFileSync(`/proc/${parent.pid}/comm`, 'latin1') !== 'sleep\n') await setTimeout(5);
    parent.stdin.end();
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) await setTimeout(5);
    const path = leasePath();
    writeLease(path, { pid });
    expect(leaseHolder(path)).toBe(null);
    parent.kill();
  });

  test.each(ELSEWHERE)('of a process on %s is believed, whether its number is in use here or not', (_, where) => {
    const { pid: dead } = spawnSync('true');
    for (const pid of [dead, process.pid, 1]) {
      const path = leasePath();
      const owner = writeLease(path, { pid, ...where });
      expect(leaseHolder(path)).toEqual(owner);
      expect(() => acquire(path)).toThrow(`process ${pid} of another `);
      expect(parseOwner(readFileSync(path, 'utf8').split('\n')[0])).toEqual(owner);
    }
  });

  test('that cannot be read is believed too: its owner is unknown, not gone', () => {
    for (const text of ['', 'no lease', '{}', '[1]', 'null', `{"pid":"x","host":"h","token":"t"}`, 'x'.repeat(5000)]) {
      const path = leasePath();
      writeFileSync(path, text);
      expect(leaseHolder(path), text).toBe(null);
      expect(() => acquire(path), text).toThrow('an unknown process works on');
    }
    const folder = leasePath();
    mkdirSync(folder);
    expect(() => acquire(folder)).toThrow('an unknown process works on');
    const link = leasePath();
    symlinkSync('/dev/zero', link);
    expect(() => acquire(link)).toThrow('an unknown process works on');
  });

  test('that is taken away or given to another process is held no more', () => {
    const path = leasePath();
    const lease = acquire(path);
    rmSync(path);
    expect(() => lease.hold()).toThrow(`${path}: got no lease: somebody removed it, expected that of this process`);
    writeLease(path, { host: 'node-17', pid: 5 });
    expect(() => lease.hold()).toThrow('got the lease of process 5 of another machine, node-17, expected that of this');
    lease.release();
    expect(existsSync(path)).toBe(true);
  });

  test('that cannot be written is an error that names it', () => {
    const path = join(scratchFolder(), 'gone', 'lock');
    expect(() => acquire(path)).toThrow(`${path}: a file or folder that is gone`);
  });

  test('leaves what is not its own beside it, and removes the claims of dead processes', () => {
    const path = join(scratchFolder(), 'a+b(.lock');
    const claim = (digit: string) => `${path}.${digit.repeat(32)}`;
    const { pid } = spawnSync('true');
    writeLease(claim('0'), { pid });
    writeLease(`${claim('1')}.old`, { pid });
    writeLease(claim('2'), { pid, host: 'node-17' });
    writeFileSync(`${path}.txt`, '');
    acquire(path).release();
    expect(readdirSync(dirname(path)).sort()).toEqual(
      [`${path}.txt`, claim('2')].map((file) => file.slice(dirname(path).length + 1)).sort(),
    );
  });
});

describe('the heartbeat of a lease', () => {
  test('counts up while the main thread does something else, and ends with the lease', async () => {
    const path = leasePath();
    const lease = acquireLease(path);
    const beat = () => Number(readFileSync(path, 'utf8').split('\n')[1]);
    expect(beat()).toBe(0);
    while (beat() < 2); // nothing else of this thread runs
    lease.hold();
    lease.release();
    expect(existsSync(path)).toBe(false);
  });

  test('of one that was taken over writes to nobody else’s file', async () => {
    const path = leasePath();
    const lease = acquireLease(path);
    while (!sightLease(path)?.text.includes(beatText(1))) await setTimeout(5);
    rmSync(path);
    const owner = writeLease(path, { host: 'node-17' });
    await setTimeout(2 * BEAT_MS);
    expect(sightLease(path)).toEqual({ owner, text: `${JSON.stringify(owner)}\n${beatText(0)}\n` });
    lease.release();
  });
});

describe('waiting for a lease', () => {
  const told: (Owner | null)[] = [];
  const watch = (path: string, seconds: number) => watchLease(path, { seconds, onWait: (owner) => told.push(owner) });

  test('takes no time where there is none, or where its owner is gone', async () => {
    const path = leasePath();
    expect(await watch(path, 1e6)).toBe(null);
    writeLease(path, { pid: spawnSync('true').pid });
    expect(await watch(path, 1e6)).toBe(null);
  });

  test.each(ELSEWHERE)(
    'of a process on %s ends when its heartbeat has stood still, and then it may be taken',
    async (_, where) => {
      const path = leasePath();
      const owner = writeLease(path, where);
      told.length = 0;
      const stoodStill = await watch(path, 3);
      expect(stoodStill?.owner).toEqual(owner);
      expect(told).toEqual([owner]);
      acquireLease(path, { stoodStill, hasHeartbeat: false }).release();
    },
  );

  test('is refused as soon as the heartbeat moves, and a lease that has moved since is not taken', async () => {
    const path = leasePath();
    const owner = writeLease(path, { host: 'node-17' });
    const watching = watch(path, 1e6);
    await setTimeout(BEAT_MS / 2);
    writeLease(path, owner, 1);
    await expect(watching).rejects.toThrow('of another machine, node-17 works on');
    const stoodStill = await watch(path, 1);
    writeLease(path, owner, 2);
    expect(() => acquireLease(path, { stoodStill, hasHeartbeat: false })).toThrow('node-17 works on');
  });

  test('of a process here that lives but was halted ends like any other', async () => {
    const path = leasePath();
    const { child, pid } = sleeper();
    const owner = writeLease(path, { pid });
    const stoodStill = await watch(path, 1);
    expect(stoodStill?.owner).toEqual(owner);
    acquireLease(path, { stoodStill, hasHeartbeat: false }).release();
    child.kill();
    await once(child, 'exit');
  });
});

test('who only watches believes an owner elsewhere until its heartbeat stands still', () => {
  const path = leasePath();
  const view = new LeaseView(path);
  expect(view.look()).toBe(null);
  const owner = writeLease(path, { host: 'node-17' });
  expect(view.look()).toEqual(owner);
  writeLease(path, { pid: spawnSync('true').pid });
  expect(view.look()).toBe(null);
});

test('a lease that is broken is free, and who held it sees so', () => {
  const path = leasePath();
  const lease = acquire(path);
  expect(breakLease(path)?.owner?.pid).toBe(process.pid);
  expect(() => lease.hold()).toThrow('somebody removed it');
  expect(breakLease(path)).toBe(null);
  acquire(path).release();
});

test('an owner that somebody else wrote is one whatever is wrong with its other members', () => {
  const path = leasePath();
  const least = { pid: 17, host: 'node-17', token: 't' };
  for (const more of [
    {},
    { scheduler: 'x' },
    { scheduler: { name: 5 } },
    { bootId: 5, startTicks: [], pidNamespace: {} },
  ]) {
    writeFileSync(path, JSON.stringify({ ...least, ...more }));
    expect(leaseHolder(path)).toEqual({
      ...least,
      bootId: null,
      pidNamespace: null,
      startTicks: null,
      scheduler: null,
    });
    expect(() => acquire(path)).toThrow('got a run that process 17 of another machine, node-17 works on');
  }
});

test('an owner tells its machine and what a batch system says of it', () => {
  const environment = { SLURM_ARRAY_JOB_ID: '12', SLURM_ARRAY_TASK_ID: '3', SLURM_RESTART_COUNT: '1', JOB_ID: '5' };
  const owner = thisOwner(environment);
  expect(owner.scheduler).toEqual({ name: 'Slurm', job: '12', task: '3', restarts: '1' });
  expect(ownerText(owner)).toBe(`process ${process.pid} (Slurm job 12, task 3, restart 1)`);
  expect(thisOwner({ SLURM_JOB_ID: '12' }).scheduler).toEqual({ name: 'Slurm', job: '12', task: null, restarts: null });
  expect(thisOwner({}).scheduler).toBe(null);
  expect(owner.token).toMatch(/^[0-9a-f]{32}$/);
  expect(thisOwner().token).not.toBe(owner.token);
  expect(isGone(owner, () => true)).toBe(false);
});

test('of many processes that take over one stale lease, again and again, one has it at a time', async () => {
  const path = leasePath();
  const { pid: gone } = spawnSync('true');
  const log = join(dirname(path), 'log');
  const stale = JSON.stringify({ ...thisOwner(), pid: gone });
  writeFileSync(path, `${stale}\n`);
  const script = `
    import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
    import { acquireLease } from ${JSON.stringify(new URL('../../src/run/lease.ts', import.meta.url).href)};
    const path = ${JSON.stringify(path)};
    for (let taken = 0; taken < 40; ) {
      let lease;
      try {
        lease = acquireLease(path, { hasHeartbeat: false });
      } catch (error) {
        if (!String(error.message).includes('works on')) throw error;
        continue;
      }
      taken++;
      appendFileSync(${JSON.stringify(log)}, 'taken ' + process.pid + '\\n');
      const end = performance.now() + 0.05;
      while (performance.now() < end);
      appendFileSync(${JSON.stringify(log)}, 'left ' + process.pid + '\\n');
      // As a process leaves it that is killed: another token each time.
      const token = String(process.pid).padStart(16, '0') + String(taken).padStart(16, '0');
      writeFileSync(path + '.stale' + process.pid, JSON.stringify({ ...${stale}, token }) + '\\n');
      if (taken % 4 === 0) lease.release();
      else renameSync(path + '.stale' + process.pid, path);
    }`;
  const program = ['--import', 'tsx', '--input-type=module', '-e', script];
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  const ends = await Promise.all(children.map(async (child) => await once(child, 'exit')));
  expect(ends).toEqual(children.map(() => [0, null]));
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(3 * 40 * 2);
  for (let i = 0; i < lines.length; i += 2)
    expect([lines[i], lines[i + 1]]).toEqual([lines[i], lines[i].replace('taken', 'left')]);
});
