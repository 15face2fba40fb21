// An engine whose disk keeps limits by project, and a desktop's volumes on it. Run in namespaces of its own, with an empty
// folder as its first word. Prints what it saw as the last line.
import Docker from 'dockerode';
import { fileLimits } from '../../../src/desktop/files.ts';
import { places } from '../../../src/docker/places.ts';
import { findSizeLimit } from '../../../src/docker/size-limit.ts';
import { imageReference } from '../../rig/images.ts';
import { OwnEngine } from '../../rig/own-engine.ts';

const LIMIT_MB = 32;
const WRITE = `cd /home/student/workspace; stat -f -c '%b %S' . /home
  dd if=/dev/zero of=large bs=1M count=48; stat -c %s large; rm large; dd if=/dev/zero of=fits bs=1M count=24 && rm fits && echo fits`;

const engine = await OwnEngine.open(process.argv[2] ?? '', { quotas: true, images: ['REDIS_IMAGE'] });
try {
  const docker = new Docker({ socketPath: engine.socket });
  const limitsSize = await findSizeLimit(docker, {});
  const leftOver = (await docker.listVolumes()).Volumes?.length ?? 0;
  const container = await docker.createContainer({
    Image: imageReference('REDIS_IMAGE'),
    Entrypoint: ['bash', '-c', WRITE],
    Tty: true,
    HostConfig: {
      ...places({}, undefined, limitsSize ? fileLimits(LIMIT_MB) : undefined),
      NetworkMode: 'none',
      CapDrop: ['ALL'],
    },
  });
  const writes = async (): Promise<string> => {
    await container.start();
    await container.wait();
    return (await container.logs({ stdout: true, stderr: true, tail: 20 })).toString();
  };
  const first = await writes();
  await engine.stop('SIGTERM');
  await engine.start();
  console.log(JSON.stringify({ limitsSize, leftOver, first, afterRestart: (await writes()).slice(first.length) }));
} finally {
  await engine.close();
}
