// Connections with OpenSSL 3.5 that were recorded, replayed: with the same randomness the engine sends the same bytes, and
// takes what OpenSSL sent. To record them anew: npm run build && node .build/test/vectors/transcripts/record.js

import t, { type Test } from 'tap';
import { NamedGroup, SignatureScheme } from '#src/protocol/constants.js';
import type { SessionState } from '#src/protocol/session-state.js';
import type { Peer } from '../../support/endpoints.js';
import { ReplayingSource, startEnd } from './fixed-end.js';
import { base64, ofBase64, readTranscript, transcriptNames, type Connection, type Transcript } from './transcript.js';

function start(transcript: Transcript, connection: Connection, session: SessionState | undefined) {
  const { setup, now, certificate, ticketKeys } = transcript;
  const source = new ReplayingSource(connection);
  const end = startEnd({
    setup,
    now,
    source,
    certificate: certificate === undefined ? undefined : ofBase64(certificate),
    ticketKeys: ticketKeys === undefined ? undefined : ofBase64(ticketKeys),
    session,
  });
  return { end, source };
}

/** Does again what happened, step by step. */
function replay(t: Test, end: Peer, { steps }: Connection): void {
  for (const [number, { received, did, sent }] of steps.entries()) {
    if (received !== undefined) end.receive(ofBase64(received));
    else if (did === 'end') end.endpoint.close();
    else if (did !== undefined) end.send(did);
    t.equal(end.error, undefined, `step ${number} is taken`);
    t.equal(base64(end.take()), sent, `what is sent in step ${number}`);
  }
}

for (const name of transcriptNames) {
  t.test(name, async (t) => {
    const transcript = readTranscript(name);
    t.match(transcript.peer, /OpenSSL 3\.5/);
    let session: SessionState | undefined;
    for (const [number, connection] of transcript.connections.entries()) {
      const { end, source } = start(transcript, connection, session);
      replay(t, end, connection);
      const { endpoint } = end;
      t.ok(endpoint.handshakeDone && endpoint.closed && source.isEmpty, 'all of it happened');
      t.equal(endpoint.facts.resumed, connection.resumed);
      t.equal(endpoint.facts.resumed, number > 0, 'a later connection resumes');
      t.equal(endpoint.facts.group, connection.group);
      t.equal(endpoint.facts.helloRetryRequest, name.endsWith('-retry'));
      if (!name.endsWith('-retry')) t.equal(endpoint.facts.group, NamedGroup.X25519MLKEM768);
      const { peerChain, signatureScheme, peerSignatureScheme } = endpoint.facts;
      if (name === 'client-certificate') t.ok(signatureScheme > 0, 'a certificate is shown');
      if (name === 'server-certificate') t.equal(peerChain.length, 1, 'a certificate is taken');
      if (name === 'client-mldsa44') t.equal(peerSignatureScheme, SignatureScheme.mldsa44);
      t.equal(end.plaintext.toString(), transcript.setup.role === 'client' ? 'pong' : 'ping');
      session = end.sessions.at(-1);
    }
  });
}

t.test('other randomness is another ClientHello', async (t) => {
  const transcript = readTranscript('client');
  const [connection] = transcript.connections;
  if (connection === undefined) throw new Error('The transcript has no connection');
  const [random = '', ...rest] = connection.draws;
  const changed = ofBase64(random);
  changed[0] = (changed[0] ?? 0) ^ 1;
  const { end } = start(transcript, { ...connection, draws: [base64(changed), ...rest] }, undefined);
  t.not(base64(end.take()), connection.steps[0]?.sent);
});
