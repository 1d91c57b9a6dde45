// STARTTLS of XMPP, for clients and between servers. RFC 6120, Sections 4.2 and 5.4.

import { quoted, type Wire } from './wire.js';

const tlsNamespace = 'urn:ietf:params:xml:ns:xmpp-tls';

/** @param domain what the stream is for: the domain of the server */
export async function xmpp(wire: Wire, domain: string, isServer: boolean): Promise<void> {
  const namespace = isServer ? 'jabber:server' : 'jabber:client';
  wire.send(
    `<?xml version='1.0'?><stream:stream to='${escaped(domain)}' version='1.0' xmlns='${namespace}' ` +
      "xmlns:stream='http://etherx.jabber.org/streams'>",
  );
  // Whatever does not begin like XML is another protocol, and need not be waited for.
  const [opening] = await wire.match(/^\s*<\??[^>]*>|^\s*[^<\s]/);
  if (!/^\s*<(\?xml|([\w.-]+:)?stream)\b/.test(opening)) throw wire.broken(quoted(opening));
  const features = await featuresOf(wire);
  if (!new RegExp(`<starttls\\b[^>]*xmlns=(['"])${tlsNamespace}\\1`).test(features)) {
    throw wire.unsupported('its stream features have no starttls');
  }
  wire.send(`<starttls xmlns='${tlsNamespace}'/>`);
  const [answer] = await wire.match(/^\s*<[A-Za-z:]+\b[^>]*>|^\s*[^\s<]/);
  if (/^\s*<proceed\b/.test(answer)) {
    // RFC 6120, Section 5.4.2.3: nothing comes after it, so that an empty element is all of it.
    if (!answer.endsWith('/>')) await wire.match(/^<\/proceed\s*>/);
    return;
  }
  if (/^\s*<failure\b/.test(answer)) throw wire.refused('it sent a failure to <starttls/>');
  throw wire.broken(quoted(answer));
}

/**
 * What stands between the tags of the stream's features; the namespace of streams may be the default one, without a prefix.
 * No pattern here begins in more than one place of what a server repeats: their time grows with the length alone.
 */
async function featuresOf(wire: Wire): Promise<string> {
  const [tag, kind] = await wire.match(/<(?:[\w.-]+:)?(features|error)\b[^<>]*>/);
  if (tag.endsWith('/>')) return '';
  if (kind === 'error') {
    const [, condition = 'a stream error'] = await wire.match(/^\s*<([\w-]+)|^\s*[^\s<]/);
    throw wire.refused(condition);
  }
  const [, features = ''] = await wire.match(/^([^]*?)<\/(?:[\w.-]+:)?features\s*>/);
  return features;
}

function escaped(text: string): string {
  return text.replaceAll(/[<>&'"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
