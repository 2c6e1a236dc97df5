import { ConfigurationError } from '../../options/configuration-error.js';
import { allOf, type Policy } from '../../policy/policy.js';

/** Who may call a route. */
export interface Access {
  readonly kind: 'guarded' | 'optional' | 'public';
  readonly policy: Policy | undefined;
}

// A string, which is the same in every copy of this package.
const ACCESS = 'scopegate.access';
const ANY_TOKEN: Access = Object.freeze({ kind: 'guarded', policy: undefined });

/**
 * Creates a decorator for a method or a class. Several on one of them are combined. What is said of a method stays with its name
 * in its class: other decorators, such as those for tracing, put a function of their own in its place.
 *
 * @throws {ConfigurationError}
 */
export function declareAccess(access: Access): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol): void => {
    const key = name === undefined ? ACCESS : keyOf(name);
    const value = Object.freeze(combine(declaredAccess(target, key), access));
    Object.defineProperty(target, key, { value, configurable: true });
  };
}

/** The property of a prototype that says who may call one of its methods. */
function keyOf(method: string | symbol): string {
  return `${ACCESS} ${String(method)}`;
}

/**
 * Returns who may call a handler of a controller. The policies of both are required. `Public` and `OptionalAuth` of a handler
 * count before what its controller says.
 */
export function accessOf(handler: object, controller: object): Access {
  const own = accessOfMethod(handler, controller) ?? declaredAccess(handler, ACCESS);
  const ofController = inheritedAccess(controller);
  if (own === undefined) return ofController ?? ANY_TOKEN;
  if (own.kind === 'public' || ofController === undefined) return own;
  return { kind: own.kind, policy: join(ofController.policy, own.policy) };
}

function combine(declared: Access | undefined, added: Access): Access {
  if (declared === undefined) return added;
  if (declared.kind === 'public' || added.kind === 'public') {
    const fix = 'Leave out @Public(), or the other decorator.';
    throw new ConfigurationError('Public', 'stands beside another decorator of scopegate.', fix);
  }
  const kind = declared.kind === 'optional' || added.kind === 'optional' ? 'optional' : 'guarded';
  return { kind, policy: join(declared.policy, added.policy) };
}

function join(first: Policy | undefined, second: Policy | undefined): Policy | undefined {
  return first === undefined || second === undefined ? (first ?? second) : allOf(first, second);
}

/** A handler is found by its name in the class that has it, which may be one that the controller extends. */
function accessOfMethod(handler: object, controller: object): Access | undefined {
  let prototype: unknown = (controller as { readonly prototype?: unknown }).prototype;
  while (typeof prototype === 'object' && prototype !== null) {
    for (const name of Reflect.ownKeys(prototype)) {
      const isHandler = Object.getOwnPropertyDescriptor(prototype, name)?.value === handler;
      if (isHandler) return declaredAccess(prototype, keyOf(name));
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}

function declaredAccess(declared: object, key: string): Access | undefined {
  return Object.getOwnPropertyDescriptor(declared, key)?.value;
}

/** A controller that extends another one inherits what that one says. */
function inheritedAccess(controller: object): Access | undefined {
  return (controller as { readonly [ACCESS]?: Access })[ACCESS];
}
