import type { Rig } from '../rig/rig.ts';

/** As a student's browser does: the name is asked for anew, by the desktop's own name service. */
const FETCH = 'curl -s -o /dev/null -m 5 -w %{http_code} http://exam.school.test/';

/** Every student's desktop finds the exam's site by its name and gets its page; else whose does not. */
export async function sitesAnswer(
  rig: Rig,
  seats: ReadonlyMap<string, { readonly containerId: string }>,
): Promise<true | string> {
  const wrong = await Promise.all(
    [...seats].map(async ([name, { containerId }]) => {
      const { output } = await rig.exec(containerId, ['sh', '-c', FETCH], 'student');
      return output.trim() === '200' ? [] : [`${name} gets ${output.trim()} of the exam's site`];
    }),
  );
  return wrong.flat().length === 0 || wrong.flat().join(', ');
}
