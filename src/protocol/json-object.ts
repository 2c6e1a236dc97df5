/** A JSON object of which nothing is known but that it is one. */
export type JsonObject = { readonly [name: string]: unknown };
