// The style sheet of the report; the colours of its charts are variables here.

export const style = `
:root {
  --paper: #fff; --ink: #1c1e21; --soft: #666b73; --line: #e2e4e8; --shade: #f5f6f8; --link: #0b57a4; --goal: #c2185b;
  --good: #1b7737; --bad: #b3261e; --warn-paper: #fff4d6; --warn-ink: #664600;
  --color-0: #0072b2; --color-1: #d55e00; --color-2: #8a8f98; --color-3: #009e73; --color-4: #b4569a; --color-5: #b58900;
  --color-6: #3aa0d8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181c; --ink: #e6e8eb; --soft: #9aa0a8; --line: #33373e; --shade: #1f2227; --link: #7ab8f5; --goal: #ff6fa5;
    --good: #6fd08c; --bad: #ff8a80; --warn-paper: #40330f; --warn-ink: #ffdf8a;
    --color-0: #56a8e8; --color-1: #ef8a3c; --color-2: #8b919b; --color-3: #2fc79a; --color-4: #d88cc4; --color-5: #d9b53a;
    --color-6: #9ad3f7;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1560px; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.8rem; }
h2 { margin: 2.5rem 0 0.75rem; padding-bottom: 0.25rem; border-bottom: 2px solid var(--line); font-size: 1.4rem; }
h3 { margin: 1.75rem 0 0.5rem; font-size: 1.15rem; }
h4 { margin: 0; font-size: 1rem; }
a { color: var(--link); }
nav ul, .legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.5rem 0; padding: 0; list-style: none; }
article { margin: 1rem 0; padding: 0.25rem 1.25rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
article h3 { margin-top: 0.75rem; }
article h4 { margin-top: 1rem; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: 0.1rem 1rem; margin: 0.4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.note { margin: 0; color: var(--soft); }
.warning { padding: 0.4rem 0.75rem; border-radius: 6px; background: var(--warn-paper); color: var(--warn-ink); }
.badge { padding: 0.1rem 0.5rem; border-radius: 999px; background: var(--warn-paper); color: var(--warn-ink);
  font-size: 0.8rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); gap: 1.25rem; }
figure { min-width: 0; max-width: 760px; margin: 0; padding: 0.9rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
svg { display: block; max-width: 100%; height: auto; }
.legend { font-size: 0.85rem; }
.wide { margin: 0.25rem 0 1.25rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
caption { padding: 0.25rem 0; color: var(--soft); text-align: left; }
th, td { padding: 0.25rem 0.75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--line); background: var(--shade); vertical-align: bottom; }
tbody th { font-weight: normal; white-space: nowrap; }
figure td { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
td small { white-space: nowrap; }
summary { cursor: pointer; color: var(--link); }
.reached { color: var(--good); white-space: nowrap; }
.missed { color: var(--bad); white-space: nowrap; }
@media print { details > * { display: block; } figure { break-inside: avoid; } }
`;
