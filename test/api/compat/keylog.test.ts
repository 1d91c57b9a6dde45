// keylog: lines in the form of SSLKEYLOGFILE, on clients and on servers.

import { once } from 'node:events';
import { Subject } from '../../support/behaviours.js';

const subject = new Subject('keylog');

const label = (line: Buffer): string => line.toString().split(' ')[0] ?? '';

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  subject.add(`the labels at both ends, ${maxVersion}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion });
    const atServer: string[] = [];
    const sockets: boolean[] = [];
    server.on('keylog', (line: Buffer, socket) => {
      atServer.push(label(line));
      sockets.push(socket instanceof run.tls.TLSSocket);
    });
    const client = run.connect({ port });
    const atClient: string[] = [];
    client.on('keylog', (line: Buffer) => atClient.push(label(line)));
    const accepted = once(server, 'secureConnection');
    await once(client, 'secureConnect');
    await accepted;
    return { atClient: atClient.sort(), atServer: atServer.sort(), sockets: sockets.every(Boolean) };
  });

  subject.add(`the form of a line, ${maxVersion}`, async (run) => {
    const { port } = await run.serve({ maxVersion });
    const client = run.connect({ port });
    const [line] = (await once(client, 'keylog')) as [Buffer];
    return { buffer: Buffer.isBuffer(line), form: /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}\n$/.test(line.toString()) };
  });

  subject.add(`both ends log the same secrets, ${maxVersion}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion });
    const lines: string[][] = [[], []];
    server.on('keylog', (line: Buffer) => lines[0]?.push(line.toString()));
    const client = run.connect({ port });
    client.on('keylog', (line: Buffer) => lines[1]?.push(line.toString()));
    const accepted = once(server, 'secureConnection');
    await once(client, 'secureConnect');
    await accepted;
    return lines[0]?.sort().join('') === lines[1]?.sort().join('');
  });
}

await subject.check();
