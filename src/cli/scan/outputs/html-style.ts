// The style sheet of the HTML report.

export const style = `
:root {
  --paper: #fff; --ink: #1c1e21; --soft: #5c6169; --line: #dfe2e6; --shade: #f5f6f8; --link: #0b57a4;
  --good: #1b7737; --fair: #8a6100; --bad: #b3261e; --none: #6b7078; --warn-paper: #fff4d6; --warn-ink: #664600;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181c; --ink: #e6e8eb; --soft: #a3a9b1; --line: #33373e; --shade: #1f2227; --link: #7ab8f5;
    --good: #3c9d5b; --fair: #b58900; --bad: #d9534a; --none: #8b919b; --warn-paper: #40330f; --warn-ink: #ffdf8a;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1280px; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.8rem; }
h2 { margin: 2rem 0 0.75rem; padding-bottom: 0.25rem; border-bottom: 2px solid var(--line); font-size: 1.4rem; }
h3 { margin: 0.75rem 0 0.5rem; font-size: 1.15rem; overflow-wrap: anywhere; }
a { color: var(--link); }
article { margin: 1rem 0; padding: 0.25rem 1.25rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: 0.1rem 1rem; margin: 0.4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
em { color: var(--soft); font-style: normal; }
.warning { padding: 0.4rem 0.75rem; border-radius: 6px; background: var(--warn-paper); color: var(--warn-ink); }
.wide { margin: 0.5rem 0 1rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
caption { padding: 0.25rem 0; color: var(--soft); text-align: left; }
th, td { padding: 0.25rem 0.75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid var(--line); background: var(--shade); }
tbody th { font-weight: normal; }
summary { cursor: pointer; color: var(--link); }
.chart { width: min(100%, 640px); margin-bottom: 1rem; }
.chart td { width: 100%; white-space: nowrap; }
.bar { display: inline-block; height: 1em; min-width: 1px; max-width: calc(100% - 3.5em); border-radius: 3px;
  vertical-align: middle; background: var(--none); }
.badge { display: inline-block; min-width: 2rem; padding: 0 0.45rem; border-radius: 5px; color: #fff; text-align: center;
  background: var(--none); }
.grade-A-plus, .grade-A { background: var(--good); }
.grade-B, .grade-C { background: var(--fair); }
.grade-D, .grade-F { background: var(--bad); }
.accepted { color: var(--good); }
.reset, .closed, .timeout, .broken, .not-tls, .no-starttls { color: var(--bad); }
@media print { details > * { display: block; } article { break-inside: avoid; } }
`;
