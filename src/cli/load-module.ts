export function loadModule(url: string): Promise<Record<string, unknown>> {
  return import(url);
}
