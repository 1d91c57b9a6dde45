// The command line of the shim.

import t from 'tap';
import { parseFlags, UnimplementedError } from '../../bogo/flags.js';

void t.test('flags of the first connection, of those that resume it, and of both', (t) => {
  const { initial, resume } = parseFlags([
    ...['-port', '1234', '-shim-id', '18446744073709551615', '-server'],
    ...['-on-initial-expect-curve-id', '29', '-on-resume-expect-session-miss', '-on-retry-expect-hrr'],
    ...['-curves', '29', '-curves', '4588', '-shim-initial-write', 'a\xffb', '-ticket-key', 'AAEC'],
  ]);
  t.equal(initial.port, 1234);
  t.equal(resume['shim-id'], '18446744073709551615', 'a number of 64 bits');
  t.equal(initial.server, true);
  t.equal(initial['expect-curve-id'], 29);
  t.equal(resume['expect-curve-id'], undefined);
  t.equal(initial['expect-session-miss'], undefined);
  t.equal(resume['expect-session-miss'], true);
  t.equal(resume['expect-hrr'], undefined, 'there is no retry');
  t.strictSame(initial.curves, [29, 4588]);
  t.equal(initial['shim-initial-write'], 'a\xffb');
  t.strictSame(resume['ticket-key'], Buffer.from([0, 1, 2]));
  t.end();
});

void t.test('flags of a credential belong to the newest', (t) => {
  const { initial, resume } = parseFlags([
    ...['-cert-file', 'only', '-new-x509-credential', '-cert-file', 'first', '-signing-prefs', '1027'],
    ...['-on-resume-new-x509-credential', '-on-resume-cert-file', 'second', '-cert-file', 'third'],
  ]);
  t.equal(initial['cert-file'], 'only');
  t.strictSame(initial.credentials, [{ 'cert-file': 'third', 'signing-prefs': [1027] }]);
  t.strictSame(resume.credentials, [{ 'cert-file': 'first', 'signing-prefs': [1027] }, { 'cert-file': 'third' }]);
  t.end();
});

void t.test('what the shim has not is unimplemented, with and without a prefix', (t) => {
  for (const flag of ['-no-such-flag', '-on-resume-no-such-flag', '-constructor', '-dtls']) {
    t.throws(() => parseFlags([flag]), { constructor: UnimplementedError, message: flag });
  }
  t.throws(() => parseFlags(['-port']), /needs a value/);
  t.throws(() => parseFlags(['-port', 'x']), /whole number/);
  t.doesNotThrow(() => parseFlags(['-read-size', '17', '-implicit-handshake']), 'what makes no difference');
  t.end();
});
