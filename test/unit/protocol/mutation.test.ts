// A recorded handshake, disturbed: every byte flipped, every record dropped, repeated or put in another place, both ways.
// Nothing of it may end in a handshake that both sides count as done, in a fault of ours, or without an alert.

import '../../support/both-engines.js';
import t, { type Test } from 'tap';
import { ContentType } from '#src/protocol/constants.js';
import { PeerAlert } from '#src/protocol/endpoint.js';
import { ProtocolFault } from '#src/protocol/faults.js';
import { exchange, Peer } from '../../support/endpoints.js';

type Flight = readonly Buffer[];

function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}

/** One handshake, in which `disturb` may change a flight: 0 ClientHello, 1 the server's, 2 the client's Finished. */
async function disturbed(
  flight: number,
  disturb: (records: Flight) => Flight,
): Promise<{ client: Peer; server: Peer }> {
  const client = Peer.client({}, { groups: ['X25519'] });
  const server = await Peer.server({}, { groups: ['X25519'] });
  const pass = (number: number, from: Peer, to: Peer): void => {
    const records: Flight = recordsOf(from.take());
    to.receive(Buffer.concat(number === flight ? disturb(records) : records));
  };
  pass(0, client, server);
  pass(1, server, client);
  pass(2, client, server);
  exchange(client, server);
  return { client, server };
}

function check(t: Test, what: string, client: Peer, server: Peer): void {
  for (const { error, endpoint } of [client, server]) {
    if (error === undefined || error instanceof PeerAlert) continue;
    const isTyped =
      error instanceof ProtocolFault &&
      error.reason !== 'ENGINE_FAILED' &&
      (endpoint.alertSent ?? 'none') === error.alert;
    if (!isTyped) t.fail(`${what}: ${String(error)}`);
  }
  const isDone = client.endpoint.handshakeDone && server.endpoint.handshakeDone;
  if (isDone && client.error === undefined && server.error === undefined) t.fail(`${what}: nobody noticed`);
}

/** legacy_record_version has no meaning in a record that is not protected. RFC 9846, Section 5.1. */
function isIgnored(records: Flight, at: number): boolean {
  let start = 0;
  for (const record of records) {
    if (record[0] !== ContentType.application_data && at === start + 2) return true;
    start += record.length;
  }
  return false;
}

const flights = ['the ClientHello', "the server's flight", "the client's Finished"];

for (const [flight, name] of flights.entries()) {
  t.test(`every byte of ${name} flipped`, async (t) => {
    // A signature may be a byte or two longer in another handshake: looked at anew in each.
    let length = Infinity;
    let flipped = 0;
    for (let at = 0; at < length; at++) {
      let isMeaningless = false;
      const { client, server } = await disturbed(flight, (records) => {
        const bytes = Buffer.concat(records);
        length = bytes.length;
        isMeaningless = at >= length || isIgnored(records, at);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        return [bytes];
      });
      if (isMeaningless) continue;
      flipped += 1;
      check(t, `byte ${at}`, client, server);
    }
    t.ok(flipped > 50, `${flipped} bytes`);
  });

  t.test(`the records of ${name} dropped, repeated, reordered`, async (t) => {
    let count = 0;
    await disturbed(flight, (records) => {
      count = records.length;
      return records;
    });
    for (let at = 0; at < count; at++) {
      // Nothing depends on a change_cipher_spec.
      const changes: Record<string, (records: Flight) => Flight> = {
        dropped: (records) => records.filter((_, index) => index !== at),
        repeated: (records) => records.flatMap((record, index) => (index === at ? [record, record] : [record])),
        'put last': (records) => [...records.filter((_, index) => index !== at), ...records.slice(at, at + 1)],
      };
      const isIgnorable = (records: Flight): boolean => records[at]?.[0] === ContentType.change_cipher_spec;
      for (const [change, apply] of Object.entries(changes)) {
        let ignorable = false;
        let isSame = false;
        const { client, server } = await disturbed(flight, (records) => {
          ignorable = isIgnorable(records);
          const changed = apply(records);
          isSame = Buffer.concat(changed).equals(Buffer.concat(records));
          return changed;
        });
        if (!ignorable && !isSame) check(t, `record ${at} ${change}`, client, server);
      }
    }
  });
}
