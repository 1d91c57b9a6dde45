// Ticket keys and session settings of a server.

import { Subject } from '../../support/behaviours.js';
import { attempt } from '../../support/observations.js';

const subject = new Subject('tickets');

subject.add('getTicketKeys() gives 48 bytes that stay', (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  const keys = server.getTicketKeys();
  return { buffer: Buffer.isBuffer(keys), length: keys.length, same: keys.equals(server.getTicketKeys()) };
});

subject.add('two servers have keys of their own', (run) => {
  const [one, other] = [run.tls.createServer(run.certs.leaf), run.tls.createServer(run.certs.leaf)];
  return one.getTicketKeys().equals(other.getTicketKeys());
});

subject.add('setTicketKeys() is what getTicketKeys() gives', (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  const keys = Buffer.alloc(48, 1);
  const returned = server.setTicketKeys(keys);
  return { returned, same: server.getTicketKeys().equals(keys) };
});

subject.add('the option ticketKeys is what getTicketKeys() gives', (run) => {
  const keys = Buffer.alloc(48, 2);
  const server = run.tls.createServer({ ...run.certs.leaf, ticketKeys: keys });
  return server.getTicketKeys().equals(keys);
});

subject.add('setSecureContext() keeps or replaces the ticket keys', (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  const before = server.getTicketKeys();
  server.setSecureContext(run.certs.leaf);
  const kept = server.getTicketKeys().equals(before);
  server.setSecureContext({ ...run.certs.leaf, ticketKeys: Buffer.alloc(48, 3) });
  return { kept, replaced: server.getTicketKeys().equals(Buffer.alloc(48, 3)) };
});

subject.add('getTicketKeys() after close', async (run) => {
  const { server } = await run.serve();
  server.close();
  return attempt(() => server.getTicketKeys());
});

await subject.check();
