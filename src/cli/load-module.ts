/** Loads the module that the command line was told of. */
export function loadModule(url: string): Promise<Record<string, unknown>> {
  return import(url);
}
