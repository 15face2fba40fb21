import { expect, test } from 'vitest';
import { WALK, walkOf } from '../../faults/walk-cast.ts';
import { WalkStudent } from '../../faults/walk-student.ts';
import type { Rig } from '../../rig/rig.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

/** Two students whose desktops hold what `files` says. */
function twoStudents() {
  const laws: string[] = [];
  const files = new Map<string, string>();
  const rig = {
    exec: async (containerId: string, [command, , script]: string[]) => {
      if (command === 'cat') return { code: files.has(containerId) ? 0 : 1, output: files.get(containerId) ?? '' };
      files.set(containerId, /echo '([^']*)'/.exec(script ?? '')?.[1] ?? '');
      return { code: 0, output: '' };
    },
  } as unknown as Rig;
  const walked = { rig, servedTo: new Map(), died: new Set<string>(), broken: (law: string) => void laws.push(law) };
  const [one, two] = [1, 2].map((userId) => new WalkStudent({ examId: 7, userId }, walked));
  if (!one || !two) throw new Error('two were made');
  const sits = (containerId: string) => ({ containerId, ip: '10.213.1.1', connection: { token: 't' } });
  return { one, two, laws, files, died: walked.died, sits };
}

test('a seed always gives the same walk, and another seed another', () => {
  expect(walkOf(17, 500)).toEqual(walkOf(17, 500));
  expect(walkOf(17, 500)).not.toEqual(walkOf(18, 500));
});

test('a walk of 500 operations has all kinds, and every student in it', () => {
  const operations = walkOf(1, 500).map(({ operation }) => operation);
  expect(new Set(operations.map(({ kind }) => kind))).toEqual(new Set(Object.keys(WALK.shares)));
  expect(new Set(operations.flatMap((each) => ('seat' in each ? each.seat.userId : []))).size).toBe(30);
});

test('a desktop given to a second student breaks a law', () => {
  const { one, two, laws, sits } = twoStudents();
  one.given(sits(A));
  two.given(sits(A));
  expect(laws.join()).toMatch(/of exam_7_u1, session 1 was given to exam_7_u2/);
});

test('a desktop that was left is nobody’s again, not even the same student’s', () => {
  const { one, laws, sits } = twoStudents();
  one.given(sits(A));
  one.leaves();
  one.given(sits(A));
  expect(laws.join()).toMatch(/session 1 was given to exam_7_u1, session 2/);
});

test('a student who is given another desktop breaks a law, unless his own had died', () => {
  const { one, two, laws, died, sits } = twoStudents();
  one.given(sits(A));
  died.add(A);
  one.given(sits(B));
  expect(laws).toEqual([]);
  two.given(sits('c'));
  two.given(sits('d'));
  expect(laws.join()).toMatch(/exam_7_u2, session 1 had c and was given d/);
});

test('a file that is not what was written last breaks a law', async () => {
  const { one, laws, files, sits } = twoStudents();
  one.given(sits(A));
  await one.write();
  await one.read();
  expect(laws).toEqual([]);
  files.delete(A);
  await one.read();
  expect(laws.join()).toMatch(/exam_7_u1 has lost his work/);
});
