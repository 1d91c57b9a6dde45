// What is done once the current turn of the event loop is over, for many sockets by one immediate.

let waiting: (() => void)[] = [];

/** After what was received with it was told, and after the promises that this settled. */
export function soon(run: () => void): void {
  if (waiting.push(run) === 1) setImmediate(runWaiting);
}

function runWaiting(): void {
  const due = waiting;
  waiting = [];
  let done = 0;
  try {
    for (; done < due.length; done++) due[done]?.();
  } finally {
    // One threw what a listener of the program's had thrown: the others have their turn all the same.
    for (const left of due.slice(done + 1)) soon(left);
  }
}
