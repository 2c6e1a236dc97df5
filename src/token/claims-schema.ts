import type { MaybePromise } from '../platform/maybe-promise.js';
import { copyWithoutPrototype, type JsonObject } from '../protocol/json-object.js';
import { quoteUntrusted, Refusal } from '../protocol/refusal.js';
import type { SchemaResult, StandardSchema } from '../protocol/standard-schema.js';

// The detail of a refusal is one line of a log.
const MAX_ISSUES_REPORTED = 5;

/** The claims for handlers. */
export interface HandlerClaims {
  readonly claims: JsonObject;
  /** Whether everything in them is frozen, so that requests can share them. */
  readonly isFrozen: boolean;
}

/**
 * Validates claims with the user's schema, and merges its output with them. The result is frozen and has no prototype:
 * a lookup by the name of a claim never finds a member of `Object.prototype`.
 */
export function applyClaimsSchema(
  payload: JsonObject,
  schema: StandardSchema | undefined,
): MaybePromise<HandlerClaims | Refusal> {
  return schema === undefined ? { claims: payload, isFrozen: true } : validate(payload, schema);
}

async function validate(payload: JsonObject, schema: StandardSchema): Promise<HandlerClaims | Refusal> {
  let result: SchemaResult<unknown>;
  try {
    result = await schema['~standard'].validate({ ...payload });
  } catch (cause) {
    return new Refusal('claims_schema_failed', 'it threw', { cause });
  }

  try {
    return mergeClaims(payload, result);
  } catch (cause) {
    return new Refusal('claims_schema_failed', 'it gave a result that is not of Standard Schema', { cause });
  }
}

function mergeClaims(payload: JsonObject, result: SchemaResult<unknown> | undefined): HandlerClaims | Refusal {
  if (result?.issues !== undefined) return new Refusal('claims_rejected', describeIssues(result.issues));
  const output: unknown = result?.value;
  if (typeof output !== 'object' || output === null || Array.isArray(output)) {
    return new Refusal('claims_schema_failed', 'it gave no object');
  }
  // Only own members are copied: getters and methods of a class would be lost, though its type promises them.
  if (isInstanceOfClass(output)) return new Refusal('claims_schema_failed', 'it gave an instance of a class');
  const claims = copyWithoutPrototype(payload, output);
  return { claims, isFrozen: freezePlain(claims, new Set()) };
}

function describeIssues(issues: Extract<SchemaResult<unknown>, { issues: object }>['issues']): string {
  const reported = issues.slice(0, MAX_ISSUES_REPORTED).map(({ message, path = [] }) => {
    const names = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
    return `${names.length === 0 ? 'claims' : names.join('.')}: ${message}`;
  });
  return quoteUntrusted(reported.join('; '));
}

/**
 * Freezes objects and arrays at every level. Returns false if there is anything else: dates, maps, functions and
 * instances of classes are not frozen.
 */
function freezePlain(value: object, seen: Set<object>): boolean {
  if (seen.has(value)) return true;
  seen.add(value);
  if (!isPlain(value)) return false;

  const members = Reflect.ownKeys(value).map(
    (key) => Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor,
  );
  Object.freeze(value);

  // A getter may give each request something else, or the same thing to change.
  if (members.some(({ get, set }) => get !== undefined || set !== undefined)) return false;
  const objects = members.map((member) => member.value as unknown).filter((member) => Object(member) === member);
  return objects.map((member) => freezePlain(member as object, seen)).every(Boolean);
}

/** A plain object has `Object.prototype` of any realm behind it, or nothing. */
function isInstanceOfClass(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototype === Array.prototype;
  return prototype === Object.prototype || prototype === null;
}
