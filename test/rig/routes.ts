import type { Express } from 'express';

type Path = string | readonly string[];

interface Layer {
  /** Where it hangs. */
  readonly rawPath: Path;
  readonly route?: { readonly path: Path; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** All that an app answers, as "GET /path/{name}". */
export function routesOf(app: Express): string[] {
  const { stack } = app.router as unknown as { readonly stack: readonly Layer[] };
  return [...new Set(under('', stack))].sort();
}

function under(prefix: string, stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, rawPath, handle }) => {
    if (!route) return [rawPath].flat().flatMap((each) => under(joined(prefix, each), handle.stack ?? []));
    const paths = [route.path].flat().map((each) => joined(prefix, each).replace(/:(\w+)/g, '{$1}'));
    return paths.flatMap((path) =>
      Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${path || '/'}`),
    );
  });
}

function joined(prefix: string, path: string): string {
  return prefix + path.replace(/\/$/, '');
}
