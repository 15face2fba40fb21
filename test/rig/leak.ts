// Loaded into a process by `--import`: keeps RIG_LEAK_BYTES of each request for ever. What looks for leaks must see it.
import { subscribe } from 'node:diagnostics_channel';

const bytes = Number(process.env.RIG_LEAK_BYTES);
const kept: number[][] = [];

// Eight bytes each, as fractions.
subscribe('http.server.request.start', () => kept.push(Array.from({ length: bytes / 8 }, Math.random)));
