/** An object whose members have names and values of any kind: claims, a header, a document. */
export type JsonObject = { readonly [name: string]: unknown };
