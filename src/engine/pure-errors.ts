// What ends a connection of the TypeScript engine: the alert that the peer gets, and the error that the program gets.

import { engineError, InternalError, type TlsError } from '../errors.js';
import { Alert, nameOf, type AlertName } from '../protocol/constants.js';
import { PeerAlert, type Endpoint } from '../protocol/endpoint.js';
import { ProtocolFault } from '../protocol/faults.js';

const engine = 'typescript';

/** The one place where what was thrown becomes an alert, which is queued, and an error. */
export function endWith(endpoint: Endpoint, thrown: unknown): TlsError {
  const { handshakeDone } = endpoint;
  const phase = handshakeDone ? 'data' : 'handshake';
  const common = { engine, library: 'SSL routines', phase, isTls13: handshakeDone } as const;
  if (thrown instanceof PeerAlert) {
    const alertReceived = nameOf(Alert, thrown.alert) as AlertName;
    return engineError({ ...common, reason: reasonOfAlert(thrown.alert), alertSent: undefined, alertReceived });
  }
  if (thrown instanceof ProtocolFault) {
    if (thrown.alert !== 'none') endpoint.sendAlert(thrown.alert);
    return engineError({
      ...common,
      reason: thrown.reason,
      alertSent: endpoint.alertSent,
      alertReceived: undefined,
    });
  }
  endpoint.sendAlert('internal_error');
  return new InternalError('The TypeScript engine failed inside', {
    code: 'ERR_PQTLS_INTERNAL',
    phase,
    engine,
    alertSent: endpoint.alertSent,
    cause: thrown,
  });
}

// OpenSSL's names tell the alerts that SSL 3.0 had from those of TLS.
const sslv3Alerts: ReadonlySet<number> = new Set([
  Alert.unexpected_message,
  Alert.bad_record_mac,
  Alert.handshake_failure,
  Alert.bad_certificate,
  Alert.unsupported_certificate,
  Alert.certificate_revoked,
  Alert.certificate_expired,
  Alert.certificate_unknown,
  Alert.illegal_parameter,
]);

function reasonOfAlert(alert: number): string {
  const name = nameOf(Alert, alert);
  if (name.startsWith('0x')) return '';
  return `${sslv3Alerts.has(alert) ? 'SSLV3' : 'TLSV1'}_ALERT_${name.toUpperCase()}`;
}
