/** Runs one call a key at a time. Whoever needs the same meanwhile waits for that call. */
export class SingleFlight<Key, Value> {
  readonly #calls = new Map<Key, Promise<Value>>();

  /** How many calls are under way. */
  get size(): number {
    return this.#calls.size;
  }

  /** Finds the call that is under way. */
  find(key: Key): Promise<Value> | undefined {
    return this.#calls.get(key);
  }

  /** Joins the call that is under way, or starts one. */
  run(key: Key, start: () => Promise<Value>): Promise<Value> {
    return this.#calls.get(key) ?? this.restart(key, start);
  }

  /** Starts a call, which is the one to join from now on, even if another is under way. */
  restart(key: Key, start: () => Promise<Value>): Promise<Value> {
    const call = start().finally(() => {
      if (this.#calls.get(key) === call) this.#calls.delete(key);
    });
    this.#calls.set(key, call);
    return call;
  }
}
