// Scans a list of endpoints, some at a time, and hands out each report as it is done.

import { setMaxListeners } from 'node:events';
import type { Endpoint } from './endpoints.js';
import type { EndpointReport } from './report.js';
import { scanEndpoint } from './scan-endpoint.js';
import { Throttle, type Limits } from './throttle.js';

export interface ListOptions extends Limits {
  /** Endpoints at a time. */
  readonly concurrency: number;
  /** Milliseconds to connect, and as many for a handshake. */
  readonly timeout: number;
  readonly ca: string | undefined;
  /** What the client calls itself in SMTP. */
  readonly clientName: string;
  readonly signal: AbortSignal;
  readonly onReport: (endpoint: Endpoint, report: EndpointReport) => void;
}

/** Resolves when all are done, or soon after the signal was aborted. */
export async function scanList(endpoints: readonly Endpoint[], options: ListOptions): Promise<void> {
  const { signal, timeout, ca, clientName } = options;
  // Every handshake listens for the end.
  setMaxListeners(0, signal);
  const throttle = new Throttle(options, signal);
  const waiting = [...endpoints];
  const work = async (): Promise<void> => {
    for (let endpoint = waiting.shift(); endpoint !== undefined; endpoint = waiting.shift()) {
      if (signal.aborted) return;
      try {
        options.onReport(endpoint, await scanEndpoint(endpoint, throttle, { timeout, signal, ca, clientName }));
      } catch (error) {
        // What was begun is not reported: half a scan says too little.
        if (!signal.aborted) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, waiting.length) }, work));
}
