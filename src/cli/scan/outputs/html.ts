// A scan as one page of HTML that needs nothing else: no script, no request, light or dark as the reader has it.

import { html, htmlPage, type Html, type Part } from '../../html-template.js';
import { isPostQuantum } from '../groups.js';
import { reasonOf, type Grade } from '../grade.js';
import { accepted, type Certificate, type Chain, type EndpointReport, type Probes } from '../report.js';
import { countGrades, type Entry, type ScanResult } from '../result.js';
import { style } from './html-style.js';

export function toHtml(result: ScanResult): string {
  const { tool, startedAt, finishedAt, entries, missing } = result;
  const body = html`<header>
      <h1>pqtls scan</h1>
      <p>
        ${entries.length} of ${entries.length + missing.length} endpoints, ${startedAt} to ${finishedAt}, by pqtls
        ${tool.version} (${tool.engine}, Node ${tool.node}, OpenSSL ${tool.openssl}).
      </p>
      ${missing.length > 0 ? html`<p class="warning">Interrupted. Not scanned: ${missing.join(', ')}</p>` : ''}
    </header>
    <main>
      <section>
        <h2 id="summary">Summary</h2>
        ${chart(result)} ${overview(entries)}
      </section>
      <section>
        <h2 id="endpoints">Endpoints</h2>
        ${entries.map(details)}
      </section>
    </main>`;
  return htmlPage('pqtls scan', style, body);
}

/** A bar chart that is a table, so that it can be read without seeing it. */
function chart(result: ScanResult): Html {
  const counts = countGrades(result);
  const most = Math.max(1, ...counts.map(({ count }) => count));
  return html`<table class="chart">
    <caption>
      Endpoints by grade
    </caption>
    <thead>
      <tr>
        <th scope="col">Grade</th>
        <th scope="col">Endpoints</th>
      </tr>
    </thead>
    <tbody>
      ${counts.map(
        ({ grade, count }) =>
          html`<tr>
            <th scope="row">${grade ?? 'none'}</th>
            <td>
              <span class="bar ${gradeClass(grade)}" style="width: ${((count / most) * 100).toFixed(1)}%"></span>
              ${count}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function gradeClass(grade: Grade | undefined): string {
  return `grade-${grade?.replace('+', '-plus') ?? 'none'}`;
}

function overview(entries: readonly Entry[]): Html {
  return html`<div class="wide">
    <table>
      <caption>
        All endpoints
      </caption>
      <thead>
        <tr>
          ${['Endpoint', 'Grade', 'TLS', 'Post-quantum groups', 'Prefers', 'Why'].map(
            (name) => html`<th scope="col">${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${entries.map(
          ({ name, report, verdict }, index) =>
            html`<tr>
              <th scope="row"><a href="#endpoint-${index}">${name}</a></th>
              <td>${badge(verdict.grade)}</td>
              <td>${accepted(report.versions).join(', ')}</td>
              <td>${accepted(report.groups).filter(isPostQuantum).join(', ')}</td>
              <td>${report.preferredGroup?.group}</td>
              <td>${reasonOf(report, verdict)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function badge(grade: Grade | undefined): Html {
  return html`<span class="badge ${gradeClass(grade)}">${grade ?? 'none'}</span>`;
}

function details({ name, report, verdict }: Entry, index: number): Html {
  return html`<article id="endpoint-${index}">
    <h3>${badge(verdict.grade)} ${name}</h3>
    <p>${reasonOf(report, verdict)}</p>
    ${
      verdict.findings.length === 0
        ? ''
        : html`<ul>
            ${verdict.findings.map(
              ({ rule, message }) =>
                html`<li>
                  <strong>${rule.title}</strong>${rule.cap === undefined ? '' : ` (at best ${rule.cap})`}. ${message}
                  <em>${rule.help}</em>
                </li>`,
            )}
          </ul>`
    }
    <dl>
      ${facts(report).map(
        ([term, value]) =>
          html`<dt>${term}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      report.status === 'scanned'
        ? html`<details>
            <summary>Probes</summary>
            ${probeTable('Versions', report.versions)} ${probeTable('Key exchange groups, each alone', report.groups)}
            ${probeTable('TLS 1.3 suites, each alone', report.tls13Suites)} ${legacySuites(report)}
          </details>`
        : ''
    }
    ${report.chains.map(chainTable)}
  </article>`;
}

function facts(report: EndpointReport): (readonly [string, Part])[] {
  const { preferredGroup, helloRetryRequest, largeClientHello, signatureSchemes } = report;
  const always: (readonly [string, Part])[] = [
    ['Address', report.address ?? 'none'],
    ['Scanned', `${report.scannedAt}, ${report.handshakes} handshakes in ${report.durationMs} ms`],
  ];
  if (report.status !== 'scanned') return always;
  return [
    ...always,
    [
      'Preferred group',
      preferredGroup === undefined
        ? 'unknown'
        : `${preferredGroup.group}${preferredGroup.helloRetryRequest ? ', by HelloRetryRequest' : ''}; in reverse order ${preferredGroup.reversed ?? 'not tried'} (order: ${preferredGroup.order})`,
    ],
    [
      'No usable key share',
      `${helloRetryRequest.withoutUsableShare.behaviour}: ${helloRetryRequest.withoutUsableShare.detail}`,
    ],
    ['Lesser key share', `${helloRetryRequest.withLesserShare.behaviour}: ${helloRetryRequest.withLesserShare.detail}`],
    [
      'Large ClientHello',
      [
        largeClientHello.result,
        largeClientHello.length === undefined ? '' : `${largeClientHello.length} bytes`,
        largeClientHello.detail ?? '',
      ]
        .filter((text) => text !== '')
        .join(', '),
    ],
    ['Signature schemes', `${signatureSchemes.accepted.join(', ') || 'none'}; then ${signatureSchemes.ended.result}`],
    ['ALPN', report.alpn ?? 'none'],
    ['OCSP stapled', report.ocspStapled ? 'yes' : 'no'],
    ['Client certificate', report.clientCertificateRequired ? 'required' : 'not known to be required'],
    ['Resumption', report.resumption],
  ];
}

function probeTable(caption: string, probes: Probes): Part {
  const rows = Object.entries(probes);
  if (rows.length === 0) return undefined;
  return html`<div class="wide">
    <table>
      <caption>
        ${caption}
      </caption>
      <tbody>
        ${rows.map(
          ([name, { result, detail, stack }]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="${result}">${result}</td>
              <td>${detail}</td>
              <td>${stack}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function legacySuites({ legacySuites }: EndpointReport): Part {
  return Object.entries(legacySuites).map(
    ([version, { suites, order, ended }]) =>
      html`<p>${version} suites (order: ${order}; then ${ended.result}): ${suites.join(', ')}</p>`,
  );
}

function chainTable({ certificates, trusted, problem, signatureSchemes }: Chain): Html {
  return html`<div class="wide">
    <table>
      <caption>
        Certificate chain, ${trusted ? 'trusted' : `not trusted: ${problem}`}; signs with
        ${signatureSchemes.join(', ') || 'nothing that was seen'}
      </caption>
      <thead>
        <tr>
          ${['Subject', 'Names', 'Issuer', 'Key', 'Signature', 'Valid'].map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${certificates.map(certificateRow)}
      </tbody>
    </table>
  </div>`;
}

function certificateRow({ subject, names, issuer, key, signature, notBefore, notAfter }: Certificate): Html {
  return html`<tr>
    <td>${subject}</td>
    <td>${names.join(', ')}</td>
    <td>${issuer}</td>
    <td>${key}</td>
    <td>${signature}</td>
    <td>${notBefore} to ${notAfter}</td>
  </tr>`;
}
