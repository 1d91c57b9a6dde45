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
    ['https://example.org/', /not a URL/],
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
  t.strictSame(parseEndpointList('# nothing\n\n', 'list'), []);
  t.throws(() => parseEndpointList('a.example\n*.example', 'list.txt'), {
    message: /^list\.txt, line 2: "\*\.example"/,
  });
  t.throws(() => parseEndpointList('a.example b.example c.example', '-'), { message: /line 1: .*its server name/ });
  t.throws(() => parseEndpointList('a.example@b.example c.example', '-'), { message: /two server names/ });
  t.end();
});

t.test('duplicates are joined', (t) => {
  const endpoints = ['example.org', 'EXAMPLE.org:443', 'example.org:444', 'example.org@other.example'].map(
    parseEndpoint,
  );
  t.strictSame(withoutDuplicates(endpoints).map(endpointName), [
    'example.org:443',
    'example.org:444',
    'example.org:443@other.example',
  ]);
  t.end();
});
