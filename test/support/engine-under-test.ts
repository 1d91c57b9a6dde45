// The engine that this process's tests run on, and where AWS-LC's alert is not the RFC's.

import { selectEngine } from 'pqtls';
import type { AlertName } from '#src/protocol/constants.js';
import { faultAlerts, type FaultReason } from '#src/protocol/faults.js';

export const engineUnderTest = selectEngine().engine;

interface Told {
  readonly code: string;
  readonly alertSent: AlertName;
}

/** The TypeScript engine sends the RFC's alert; AWS-LC these. docs/typescript-engine.md, Alerts. */
const deviations = {
  BAD_ENCAPSULATION_KEY: {
    'aws-lc': { code: 'ERR_SSL_INTERNAL_ERROR', alertSent: 'internal_error' },
    typescript: { code: 'ERR_SSL_BAD_KEY_SHARE', alertSent: faultAlerts.BAD_ENCAPSULATION_KEY },
  },
} as const satisfies Partial<Record<FaultReason, Record<'aws-lc' | 'typescript', Told>>>;

/** What the engine under test says of a fault that the two do not answer alike. */
export function alertOf(reason: keyof typeof deviations): Told {
  return deviations[reason][engineUnderTest ?? 'aws-lc'];
}
