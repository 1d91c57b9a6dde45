// What a program does on hearing of one thing comes before it hears of the next: its ticks and its promises, as in node:tls.

/**
 * After the ticks that wait, the promises that wait, and the promises that these settle. node:tls enters JavaScript anew for
 * each thing that one read brings, and Node runs all of these in between.
 */
export function afterReactions(run: () => void): void {
  process.nextTick(queueMicrotask, () => process.nextTick(run));
}
