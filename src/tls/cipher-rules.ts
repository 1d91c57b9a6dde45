// OpenSSL's language of cipher lists for TLS 1.2 and below, over the suites that AWS-LC has. openssl-ciphers(1).

/** A suite as the words of the language see it. */
interface Suite {
  /** OpenSSL's. */
  readonly name: string;
  readonly words: ReadonlySet<string>;
  /** Bits of its key. */
  readonly strength: number;
}

// In the order of OpenSSL's own default list: what is picked by a word stays in it.
const names = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-PSK-CHACHA20-POLY1305',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'AES128-SHA256',
  'ECDHE-PSK-AES256-CBC-SHA',
  'AES256-SHA',
  'PSK-AES256-CBC-SHA',
  'ECDHE-PSK-AES128-CBC-SHA',
  'AES128-SHA',
  'PSK-AES128-CBC-SHA',
];

const suites: readonly Suite[] = names.map((name) => ({
  name,
  words: new Set(['ALL', 'DEFAULT', 'HIGH', name, ...exchangeWords(name), ...cipherWords(name), ...macWords(name)]),
  strength: name.includes('AES128') ? 128 : 256,
}));

function exchangeWords(name: string): string[] {
  if (name.startsWith('ECDHE-PSK-')) return ['PSK', 'aPSK', 'kECDHEPSK'];
  if (name.startsWith('PSK-')) return ['PSK', 'aPSK', 'kPSK'];
  if (!name.startsWith('ECDHE-')) return ['RSA', 'kRSA', 'aRSA'];
  const exchange = ['ECDHE', 'EECDH', 'ECDH', 'kECDHE', 'kEECDH'];
  return name.startsWith('ECDHE-ECDSA-') ? [...exchange, 'ECDSA', 'aECDSA'] : [...exchange, 'aRSA'];
}

function cipherWords(name: string): string[] {
  if (name.includes('CHACHA20')) return ['CHACHA20'];
  const words = ['AES', 'FIPS', name.includes('AES128') ? 'AES128' : 'AES256'];
  return name.includes('GCM') ? [...words, 'AESGCM'] : words;
}

/** Also the version that had the suite first, in OpenSSL's words. */
function macWords(name: string): string[] {
  if (/GCM|CHACHA20/.test(name)) return ['TLSv1.2'];
  if (name.endsWith('-SHA256')) return ['SHA256', 'TLSv1.2'];
  if (name.endsWith('-SHA384')) return ['SHA384', 'TLSv1.2'];
  return name.startsWith('ECDHE-') ? ['SHA', 'SHA1', 'TLSv1', 'TLSv1.0'] : ['SHA', 'SHA1', 'SSLv3'];
}

/** What a list leaves, in order; undefined for a command that is none. Words that name nothing here change nothing. */
export function applyCipherRules(items: readonly string[]): string[] | undefined {
  const list = new RuleList();
  for (const item of items) {
    const [, operator = '', text = ''] = /^([!+-]?)(.*)$/s.exec(item) ?? [];
    if (!text.startsWith('@')) list.apply(operator, text.split('+'));
    else if (text === '@STRENGTH') list.sortByStrength();
    else return undefined;
  }
  return list.active();
}

/** All suites, those that were chosen and those that were not yet: a suite that is taken out goes to the front. */
class RuleList {
  #entries = suites.map((suite) => ({ suite, active: false }));

  apply(operator: string, words: readonly string[]): void {
    const isMeant = ({ suite }: { suite: Suite }): boolean => words.every((word) => suite.words.has(word));
    const wasActive = operator === '+' || operator === '-';
    const moved = this.#entries.filter((entry) => isMeant(entry) && (operator === '!' || entry.active === wasActive));
    const others = this.#entries.filter((entry) => !moved.includes(entry));
    const active = moved.map(({ suite }) => ({ suite, active: operator !== '-' }));
    if (operator === '!') this.#entries = others;
    else this.#entries = operator === '-' ? [...active, ...others] : [...others, ...active];
  }

  sortByStrength(): void {
    this.#entries.sort((a, b) => b.suite.strength - a.suite.strength);
  }

  active(): string[] {
    return this.#entries.filter(({ active }) => active).map(({ suite }) => suite.name);
  }
}
