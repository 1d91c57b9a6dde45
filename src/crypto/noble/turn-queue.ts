// Runs synchronous operations as promises, one in each turn of the event loop, so that a long queue blocks nothing else.

interface Operation {
  readonly run: () => void;
  next: Operation | undefined;
}

/** A first-in, first-out queue of operations; while it holds any, it keeps the process alive as a timer would. */
export class TurnQueue {
  #head: Operation | undefined;
  #tail: Operation | undefined;
  readonly #turn = (): void => this.#runOne();

  /** Runs `operation` in a later turn than the caller's and settles with what it returns or throws. */
  run<T>(operation: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#push(() => {
        try {
          resolve(operation());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #push(run: () => void): void {
    const operation: Operation = { run, next: undefined };
    if (this.#tail === undefined) {
      this.#head = operation;
      setImmediate(this.#turn);
    } else {
      this.#tail.next = operation;
    }
    this.#tail = operation;
  }

  // Node runs an immediate that was set inside an immediate in the next turn, after timers and I/O had theirs.
  #runOne(): void {
    const operation = this.#head;
    if (operation === undefined) return;
    this.#head = operation.next;
    if (this.#head === undefined) this.#tail = undefined;
    else setImmediate(this.#turn);
    operation.run();
  }
}
