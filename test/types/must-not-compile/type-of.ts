import { typeOf } from '../type-of.js';

// The judge of all these types must be one itself.
// biome-ignore lint/suspicious/noExplicitAny: it is what this is about
type Any = any;
declare const anything: Any;
declare const text: string;

typeOf(text).is<string>();
// @ts-expect-error any passed off as a string (Expected 1 arguments)
typeOf(anything).is<string>();
// @ts-expect-error any passed off as unknown (Expected 1 arguments)
typeOf(anything).is<unknown>();
// @ts-expect-error a string passed off as any (Expected 1 arguments)
typeOf(text).is<Any>();
// @ts-expect-error a string passed off as a string or undefined (Expected 1 arguments)
typeOf(text).is<string | undefined>();
// @ts-expect-error a list passed off as one that cannot be changed (Expected 1 arguments)
typeOf([text]).is<readonly string[]>();
