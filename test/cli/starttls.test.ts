// `pqtls s_client -starttls`: every protocol against a scripted server that goes over to TLS, refuses, speaks something
// else, says nothing, or sends plaintext along with its go-ahead.

import { loadBinding } from '#src/binding.js';
import t from 'tap';
import { eventOf, Files, pqtls, receivedText } from '../support/command.js';
import type { CommandResult } from '../support/project.js';
import {
  expect,
  play,
  protocolError,
  scripts,
  send,
  type PlayOptions,
  type Turn,
} from '../support/starttls-scripts.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';

for (const { protocol, good, refusals, args = [] } of scripts) {
  t.test(protocol, { skip }, async (t) => {
    const files = await Files.create(t);
    const trust = ['-servername', 'localhost', ...files.trust];
    const run = async (
      turns: readonly Turn[],
      options: PlayOptions & { wait?: number } = {},
    ): Promise<CommandResult> => {
      const port = await play(t, turns, options);
      const { wait = 50 } = options;
      const common = ['s_client', `127.0.0.1:${port}`, '-starttls', protocol, '--json', '--timeout', String(wait)];
      return pqtls([...common, ...trust, ...args], { input: 'after' });
    };

    const [success, pieces, injected, garbage, endless, silent, closed] = await Promise.all([
      run(good, { tls: true }),
      run(good, { tls: true, inPieces: true }),
      run(good, { after: 'injected' }),
      run([send('HTTP/1.1 400 Bad Request\r\n\r\n'), expect(/never/)]),
      run([...(good.some((turn) => 'send' in turn) ? [] : [expect(/./s)]), { send: Buffer.alloc(256 * 1024, 0x41) }]),
      run([expect(/never/)], { wait: 1 }),
      run([], { end: true }),
    ]);
    for (const [label, result] of [
      ['at once', success],
      ['in pieces', pieces],
    ] as const) {
      t.equal(result.code, 0, `${label}: ${result.stdout}${result.stderr}`);
      t.match(eventOf(result.stdout, 'handshake'), { postQuantum: true, verification: { result: 'accepted' } });
      t.equal(receivedText(result.stdout), 'after', 'data goes through TLS');
    }
    t.equal(injected.code, 6, injected.stdout);
    const errorOf = (result: CommandResult) => eventOf(result.stdout, 'error');
    t.equal(errorOf(injected)['code'], 'ERR_PQTLS_STARTTLS_INJECTION', injected.stdout);
    t.equal(garbage.code, 6, garbage.stdout);
    t.equal(errorOf(garbage)['code'], protocolError, garbage.stdout);
    t.equal(endless.code, 6, endless.stdout);
    t.equal(errorOf(endless)['code'], protocolError, endless.stdout);
    t.equal(silent.code, 6, silent.stdout);
    t.match(errorOf(silent), { code: 'ERR_PQTLS_STARTTLS_TIMEOUT', message: /said nothing within 1 s/ });
    t.equal(closed.code, 6, closed.stdout);
    t.equal(errorOf(closed)['code'], 'ERR_PQTLS_STARTTLS_CLOSED');

    const answers = await Promise.all(refusals.map(({ turns }) => run(turns)));
    for (const [at, { code, message }] of refusals.entries()) {
      const result = answers[at] ?? success;
      t.equal(result.code, 6, result.stdout);
      t.match(errorOf(result), { code, message, exitCode: 6 });
    }
  });
}

t.test('one line for people', { skip }, async (t) => {
  const port = await play(t, [send('220 x\r\n'), expect(/EHLO/), send('250 nothing\r\n')], {});
  const result = await pqtls(['s_client', `127.0.0.1:${port}`, '-starttls', 'smtp']);
  t.equal(result.code, 6);
  t.equal(result.stdout, '');
  t.match(
    result.stderr,
    /^pqtls: The smtp server has no TLS here: its answer to EHLO has no STARTTLS \(ERR_PQTLS_STARTTLS_UNSUPPORTED\)\. .*\.\n$/,
  );
  t.equal((await pqtls(['s_client', 'localhost', '-starttls', 'gopher'])).code, 2);
});
