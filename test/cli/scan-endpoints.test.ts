// How the endpoints of `pqtls scan` are named: one by one.

import t from 'tap';
import {
  endpointName,
  parseEndpoint,
  parseEndpointList,
  serverNameOf,
  withoutDuplicates,
} from '#src/cli/scan/endpoints.js';

t.test('one endpoint', (t) => {
  for (const [text, expected, servername] of [
    ['example.org', { host: 'example.org', port: 443 }, 'example.org'],
    ['Example.ORG.:8443', { host: 'example.org', port: 8443 }, 'example.org'],
    ['localhost:1', { host: 'localhost', port: 1 }, 'localhost'],
    ['_dns.example.org:853', { host: '_dns.example.org', port: 853 }, '_dns.example.org'],
    ['192.0.2.7', { host: '192.0.2.7', port: 443 }, undefined],
    ['192.0.2.7:8443@api.example', { host: '192.0.2.7', port: 8443, servername: 'api.example' }, 'api.example'],
    ['[2001:DB8::7]', { host: '2001:db8::7', port: 443 }, undefined],
    ['[::1]:65535@localhost', { host: '::1', port: 65535, servername: 'localhost' }, 'localhost'],
    ['smtp://Mail.example.org', { host: 'mail.example.org', port: 25, starttls: 'smtp' }, 'mail.example.org'],
    [
      'imap://[::1]:1143@localhost',
      { host: '::1', port: 1143, servername: 'localhost', starttls: 'imap' },
      'localhost',
    ],
    ['pop3://192.0.2.7', { host: '192.0.2.7', port: 110, starttls: 'pop3' }, undefined],
    ['db.example starttls=postgres', { host: 'db.example', port: 5432, starttls: 'postgres' }, 'db.example'],
    ['db.example:3307\tSTARTTLS=MySQL', { host: 'db.example', port: 3307, starttls: 'mysql' }, 'db.example'],
    ['ldap://d.example', { host: 'd.example', port: 389, starttls: 'ldap' }, 'd.example'],
    ['xmpp://d.example', { host: 'd.example', port: 5222, starttls: 'xmpp' }, 'd.example'],
    ['xmpp-server://d.example', { host: 'd.example', port: 5269, starttls: 'xmpp-server' }, 'd.example'],
    ['bücher.example:443', { host: 'xn--bcher-kva.example', port: 443 }, 'xn--bcher-kva.example'],
  ] as const) {
    const endpoint = parseEndpoint(text);
    t.strictSame(endpoint, expected, text);
    t.equal(serverNameOf(endpoint), servername, `${text}: server name`);
    t.strictSame(parseEndpoint(endpointName(endpoint)), endpoint, `${text}: read again`);
  }
  t.end();
});

t.test('what is none', (t) => {
  for (const [text, why] of [
    ['', /the host is missing/],
    [':443', /the host is missing/],
    ['10.0.0.0/8', /there are no networks/],
    ['*.example.org', /there are no wildcards/],
    ['10.0.0.1-20', /there are no ranges/],
    ['10.0.0.1-10.0.0.20', /there are no ranges/],
    ['example.org:80-90', /name each port by itself/],
    ['example.org:80,443', /name each port by itself/],
    ['example.org:*', /name each port by itself/],
    ['example.org:0', /a port is 1 to 65535/],
    ['example.org:65536', /a port is 1 to 65535/],
    ['example.org:', /a port is 1 to 65535/],
    ['::1', /in brackets: \[::1\]:443/],
    ['::1:443:', /in brackets/],
    ['[::1', /an IPv6 address in brackets/],
    ['[example.org]:443', /what stands in brackets is an IPv6 address/],
    ['https://example.org/', /not a URL; .*\(smtp, imap, .*\)/],
    ['smtp://mail.example/', /there are no networks/],
    ['smtp://mail.example:0', /a port is 1 to 65535/],
    ['smtp://', /the host is missing/],
    ['gopher://mail.example', /not a URL/],
    ['none://mail.example', /not a URL/],
    ['mail.example starttls=gopher', /one of smtp, imap, .*; starttls=none/],
    ['mail.example starttls=', /one of smtp, imap/],
    ['smtp://mail.example starttls=smtp', /names a protocol twice/],
    ['mail.example starttls=smtp starttls=imap', /one of smtp, imap/],
    ['constructor://mail.example', /not a URL/],
    ['127.1', /no complete IPv4 address/],
    ['0x7f.0.0.1', /no complete IPv4 address/],
    ['2130706433', /no complete IPv4 address/],
    ['１２７.0.0.1', /letters, digits, dots and hyphens/],
    ['a b', /letters, digits/],
    ['-a.example', /letters, digits/],
    ['example.org@192.0.2.1', /RFC 6066/],
    ['example.org@', /a server name has/],
    ['a@b@c', /a server name has/],
    ['\u001b[31m', /letters, digits/],
    [`${'a'.repeat(300)}.example`, /letters, digits/],
  ] as const) {
    t.throws(() => parseEndpoint(text), { message: why }, JSON.stringify(text));
  }
  t.throws(
    () => parseEndpoint('\u001b[31m'),
    { message: /^"\\u001b\[31m" is no endpoint/ },
    'shown without its effect',
  );
  t.end();
});

t.test('a list', (t) => {
  const text = `\uFEFF# ours
example.org

  mail.example.org:465   # submissions
192.0.2.7:8443 api.example\r
[::1]:443,localhost
`;
  t.strictSame(parseEndpointList(text, 'list').map(endpointName), [
    'example.org:443',
    'mail.example.org:465',
    '192.0.2.7:8443@api.example',
    '[::1]:443@localhost',
  ]);
  const protocols =
    'mail.example starttls=smtp\na.example:2525 b.example,starttls=smtp\nstarttls=imap c.example\nd.example';
  t.strictSame(parseEndpointList(protocols, 'list').map(endpointName), [
    'smtp://mail.example:25',
    'smtp://a.example:2525@b.example',
    'imap://c.example:143',
    'd.example:443',
  ]);
  t.strictSame(
    parseEndpointList('a.example\nb.example:465 starttls=none\nimap://c.example', '-', 'smtp').map(endpointName),
    ['smtp://a.example:25', 'b.example:465', 'imap://c.example:143'],
    'a protocol for all that do not name theirs',
  );
  t.throws(() => parseEndpointList('starttls=smtp', '-'), { message: /line 1: .*a line has an endpoint/ });
  t.strictSame(parseEndpointList('# nothing\n\n', 'list'), []);
  t.throws(() => parseEndpointList('a.example\n*.example', 'list.txt'), {
    message: /^list\.txt, line 2: "\*\.example"/,
  });
  t.throws(() => parseEndpointList('a.example b.example c.example', '-'), { message: /line 1: .*its server name/ });
  t.throws(() => parseEndpointList('a.example@b.example c.example', '-'), { message: /two server names/ });
  t.end();
});

t.test('duplicates are joined', (t) => {
  const endpoints = ['example.org', 'EXAMPLE.org:443', 'example.org:444', 'example.org@other.example'].map((text) =>
    parseEndpoint(text),
  );
  t.strictSame(withoutDuplicates(endpoints).map(endpointName), [
    'example.org:443',
    'example.org:444',
    'example.org:443@other.example',
  ]);
  t.end();
});
