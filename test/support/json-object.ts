import { Malformed } from '../../src/jws/malformed.js';
import { parseStrictJsonObject } from '../../src/jws/strict-json.js';
import type { JsonObject } from '../../src/protocol/json-object.js';
import { type JsonTexts, toJsonText } from './raw-token.js';

/** Makes what a rule gets to see of a header or payload: parsed from text as a token's would be. */
export function toJsonObject(members: JsonTexts): JsonObject {
  const object = parseStrictJsonObject(Buffer.from(toJsonText(members)));
  if (object instanceof Malformed) throw new Error(`no such object comes out of a token: it ${object.why}`);
  return object;
}
