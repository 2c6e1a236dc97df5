/** A JSON object whose members are not checked. */
export type JsonObject = { readonly [name: string]: unknown };
