// The messages of a connection, in the words of the runner's -expect-msg-callback.

import type { Connection, TraceEvent } from '#src/engine/connection.js';
import { ContentType } from '#src/protocol/constants.js';

export class MessageLog {
  text = '';

  constructor(connection: Connection) {
    connection.enableTrace(
      (event) => this.#add(event),
      () => (this.text += 'lost\n'),
    );
  }

  #add({ sent, contentType, bytes }: TraceEvent): void {
    const [first = 0, second = 0] = bytes;
    const direction = sent ? 'write' : 'read';
    if (contentType === ContentType.handshake) this.text += `${direction} hs ${first}\n`;
    else if (contentType === ContentType.alert) this.text += `${direction} alert ${first} ${second}\n`;
    else if (contentType === ContentType.change_cipher_spec) this.text += `${direction} ccs\n`;
  }
}
