/** True for one and the same type only: `any` equals nothing but `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

interface TypeOf<Actual> {
  /** Does not compile unless the value is of exactly this type. */
  is<Expected>(...problem: Same<Actual, Expected> extends true ? [] : [{ actual: Actual; expected: Expected }]): void;
}

export declare function typeOf<Actual>(value: Actual): TypeOf<Actual>;
