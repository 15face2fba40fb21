import type { BeatSettings } from '../../../src/heartbeat/beat.ts';

export const SETTINGS: BeatSettings = {
  code: 'worker-02',
  name: 'Worker 02',
  apiBaseUrl: 'http://203.0.113.20:3000',
  requireSigned: false,
  publicPort: 3000,
  tunnelUrl: null,
  host: { cpuCores: 8, memoryMb: 12_288, reservedCpuCores: 1, reservedMemoryMb: 1024 },
  desktop: { cpuCores: 1.5, memoryMb: 2048 },
};
