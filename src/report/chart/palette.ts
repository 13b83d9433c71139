/** Of a chart, on paper of either colour; a file of its own brings it along. */
const LIGHT =
  "--ink:#1b1f24;--dim:#5c6570;--line:#d9dee4;--paper:#fff;--shade:#f3f5f8;--shade-odd:#e8ecf1;--back:#fbe3e0;" +
  "--stable:#1f5fae;--new:#b8560a;--fail:#b3261e;--pass:#1d7a46";
const DARK =
  "--ink:#e7eaee;--dim:#9aa4b0;--line:#343b45;--paper:#14181d;--shade:#1b2027;--shade-odd:#242b34;--back:#43201d;" +
  "--stable:#7db2f2;--new:#f0a25e;--fail:#ff8a80;--pass:#6fcf97";

export const COLOURS = `:root{color-scheme:light dark;${LIGHT}}@media (prefers-color-scheme:dark){:root{${DARK}}}@media print{:root{${LIGHT}}}`;

const MARKS = `
text{font:12px system-ui,sans-serif;fill:var(--ink)}
.paper{fill:var(--paper)}
.tick,.stage-label{fill:var(--dim);font-size:11px}
.panel-title{font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:4px}
.grid,.axis-line{stroke:var(--line);fill:none}
.stage rect{fill:var(--shade)}
.odd rect{fill:var(--shade-odd)}
.going-back rect{fill:var(--back)}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line.stable{stroke:var(--stable)}
.line.new{stroke:var(--new)}
.line.fail{stroke:var(--fail)}
.line.pass{stroke:var(--pass)}
.band{opacity:.2}
.band.stable,.dot.stable{fill:var(--stable)}
.band.new,.dot.new{fill:var(--new)}
.dot.fail{fill:var(--fail)}
.dot.pass{fill:var(--pass)}
.margin,.needed{fill:none;stroke-dasharray:5 4;stroke-width:1.2}
path.margin.fail,path.needed.fail{stroke:var(--fail)}
path.margin.pass,path.needed.pass{stroke:var(--pass)}
text.stable{fill:var(--stable);font-weight:600}
text.new{fill:var(--new);font-weight:600}
text.fail{fill:var(--fail)}
text.pass{fill:var(--pass)}
text.curve{font-weight:600}
.moment-line{stroke-width:1.5;fill:none}
.fail .moment-line{stroke:var(--fail)}
.pass .moment-line{stroke:var(--pass)}
.back .moment-line{stroke:var(--dim)}
.fail .moment-label{fill:var(--fail);font-weight:600}
.pass .moment-label{fill:var(--pass);font-weight:600}`;

export const CHART_MARKS = MARKS.split("\n")
  .filter((rule) => rule !== "")
  .map((rule) => `.chart ${rule.replace(/,(?=[.a-z])(?![^{]*\})/g, ",.chart ")}`)
  .join("\n");

export const CHART_STYLE = `${COLOURS}\n${CHART_MARKS}`;
