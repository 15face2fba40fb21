// npm run e2e: a real browser against a real worker. Takes the worker of CONSOLE_URL or of WORKER_ENV_FILE when it runs,
// else brings up one of its own and takes it down again. `-- --quick`: what every change must pass. `-- --keep`: leaves it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ownTarget, removeOwnTarget, runningTarget, targetOf } from './target.ts';

const QUICK = ['student', 'admin'];

async function main(args: readonly string[]): Promise<number> {
  const given = process.env.CONSOLE_URL ? targetOf(process.env) : await runningTarget(process.env.WORKER_ENV_FILE);
  const target = given ?? (await ownTarget());
  console.log(`e2e against ${target.consoleUrl} (${given ? 'as it runs' : 'brought up for this run'})`);
  try {
    const files = args.includes('--quick') ? QUICK : args.filter((arg) => !arg.startsWith('--'));
    const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
    const run = spawnSync(process.execPath, [vitest, 'run', '--config', 'test/e2e/vitest.config.ts', ...files], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'inherit',
      env: {
        ...process.env,
        CONSOLE_URL: target.consoleUrl,
        CONSOLE_ADMIN_PASSWORD: target.adminPassword,
        CONSOLE_STUDENT_PASSWORD: target.studentPassword,
        COMPOSE_PROJECT_NAME: target.project,
      },
    });
    return run.status ?? 1;
  } finally {
    if (!given && !args.includes('--keep')) removeOwnTarget();
  }
}

process.exitCode = await main(process.argv.slice(2));
