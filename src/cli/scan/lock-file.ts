// A lock beside a file that one process at a time may write: who holds it stands in it, so that what a killed one left
// behind is recognised. Node has no flock().

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Another process holds it, or may. The message says what to do. */
export class LockedError extends Error {}

const ownerSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.string(),
  /** When the process began, in the kernel's words: a number is given to others later. Null where nobody tells. */
  began: z.string().nullable(),
});

type Owner = z.infer<typeof ownerSchema>;

export class LockFile {
  readonly #path: string;
  readonly #text: string;
  readonly #onExit = (): void => this.release();

  /**
   * @param path of the lock
   * @param what it is for, in the message
   * @throws LockedError, and what the file system says
   */
  constructor(path: string, what: string) {
    this.#path = path;
    const owner: Owner = { pid: process.pid, host: hostname(), began: beginOf(process.pid) };
    this.#text = `${JSON.stringify(owner)}\n`;
    if (!this.#create()) {
      takeAway(path, what);
      if (!this.#create()) throw new LockedError(`${what} was just taken by another process: try again later`);
    }
    process.once('exit', this.#onExit);
  }

  release(): void {
    process.off('exit', this.#onExit);
    // Whoever was told to remove it may have, and another may have come.
    if (readLock(this.#path) === this.#text) rmSync(this.#path, { force: true });
  }

  #create(): boolean {
    try {
      writeFileSync(this.#path, this.#text, { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }
}

/** Removes the lock of a process that is gone. @throws LockedError for any other */
function takeAway(path: string, what: string): void {
  const text = readLock(path);
  if (text === undefined) return;
  const owner = readOwner(text);
  if (owner === undefined || !isGone(owner)) throw new LockedError(heldBy(owner, path, what));
  // Two may find it at once: whoever moves something else away has come too late, and puts it back.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readLock(aside) === text) rmSync(aside, { force: true });
  else {
    renameSync(aside, path);
    throw new LockedError(`${what} was just taken by another process: try again later`);
  }
}

function heldBy(owner: Owner | undefined, path: string, what: string): string {
  const who =
    owner === undefined
      ? 'somebody'
      : owner.host === hostname()
        ? `process ${owner.pid}`
        : `process ${owner.pid} on ${JSON.stringify(owner.host)}`;
  return `${what} is in use by ${who}: wait for its end, or remove ${path} where there is no such scan any more`;
}

/** Of processes on another machine nothing is known. */
function isGone({ pid, host, began }: Owner): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is somebody else's, and there.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
  const now = beginOf(pid);
  return began !== null && now !== null && now !== began;
}

/** Ticks since the machine began: field 22 of proc_pid_stat(5), behind a name that may hold anything. */
function beginOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return (
      stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .at(19) ?? null
    );
  } catch {
    // Not Linux, or hidden.
    return null;
  }
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Half of it: its process was killed just then, or writes it now.
    return undefined;
  }
}
