import { z } from 'zod';
import { flag, listed, networks, secret, whole } from './config-fields.ts';

const ORIGIN = /^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/;

const origins = z
  .string()
  .default('')
  .transform(listed)
  .refine((all) => all.every((origin) => ORIGIN.test(origin)), {
    error:
      'must be origins such as https://exam.example.edu or https://*.example.edu, small letters, separated by commas',
  });

/** This worker as browsers reach it; unset: the address is not known here. */
export const tunnelUrl = z.url({ error: 'must be a ws:// or wss:// URL', protocol: /^wss?$/ }).optional();

/** Who may open a tunnel, and how. */
export const tunnelFields = {
  WORKER_TUNNEL_URL: tunnelUrl,
  TUNNEL_REQUIRE_JWT: flag(false),
  TUNNEL_JWT_COOKIE: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be the name of a cookie: letters, digits, dots, dashes, underscores')
    .default('access_token'),
  TUNNEL_ALLOWED_ORIGINS: origins,
  TUNNEL_TRUSTED_PROXIES: networks,
  TUNNEL_SECOND_TAB: z.enum(['takeover', 'refuse'], { error: 'must be takeover or refuse' }).default('takeover'),
  TUNNEL_KEEPALIVE_SEC: whole(10, 1, 15),
  METRICS_TOKEN: secret(8).optional(),
};

type Fields = z.output<z.ZodObject<typeof tunnelFields>>;

export function tunnelSettings(env: Fields) {
  return {
    url: env.WORKER_TUNNEL_URL,
    requireJwt: env.TUNNEL_REQUIRE_JWT,
    jwtCookie: env.TUNNEL_JWT_COOKIE,
    allowedOrigins: env.TUNNEL_ALLOWED_ORIGINS,
    trustedProxies: env.TUNNEL_TRUSTED_PROXIES,
    metricsToken: env.METRICS_TOKEN,
    secondTab: env.TUNNEL_SECOND_TAB,
    keepAliveMs: env.TUNNEL_KEEPALIVE_SEC * 1000,
  };
}
