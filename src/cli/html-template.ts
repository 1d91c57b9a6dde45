// HTML from templates that escape whatever is put into them: a certificate or a file of results may hold anything.

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

export type Part = Html | string | number | undefined | readonly Part[];

/** What stands between the template's own text is escaped, unless it came from a template itself. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(template.map((text, index) => (index === 0 ? '' : render(parts[index - 1])) + text).join(''));
}

/** A page that needs nothing else: no script, no request, light or dark as the reader has it. */
export function htmlPage(title: string, style: string, body: Html): string {
  // The policy holds even if something got through the escaping: nothing is loaded, nothing is run.
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  // Control and format characters, but for white space: a name could turn the text around it. Unicode, UAX #9.
  return String(part)
    .replaceAll(/(?![\n\t])\p{C}/gu, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
