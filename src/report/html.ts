import { CHART_MARKS, COLOURS } from "./chart/palette.js";
import type { Part, ReportDocument, Table } from "./document.js";
import { type Child, element, Markup, together } from "./element.js";

const PAGE_STYLE = `
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem;margin:.2rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.3rem;overflow-wrap:anywhere}
h3{font-size:1rem;margin:1.6rem 0 .3rem}
.banner{border-left:6px solid var(--dim);background:var(--shade);padding:.7rem 1rem;margin-bottom:1.2rem;overflow-wrap:anywhere}
.banner b{font-size:1.15rem}
.banner.good{border-color:var(--pass)}.banner.good b{color:var(--pass)}
.banner.bad{border-color:var(--fail)}.banner.bad b{color:var(--fail)}
.banner p{margin:.2rem 0 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:0}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.87rem;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:500}
figure{margin:1rem 0;overflow-x:auto}
.chart{width:100%;min-width:44rem;height:auto;display:block}
.wide table{min-width:34rem}
details{margin:.3rem 0 1rem}summary{color:var(--dim);cursor:pointer}
.aside{color:var(--dim);font-size:.87rem;max-width:60rem}
pre{background:var(--shade);padding:.8rem;overflow-x:auto;font-size:.82rem}
footer{margin-top:3rem;color:var(--dim);font-size:.82rem}
@media print{body{max-width:none;padding:0;font-size:11px}.chart,.wide table{min-width:0}figure,tr{break-inside:avoid}h2{break-after:avoid}}`;

/** One file that needs no other: no scripts, nothing from the network; a browser is told to refuse both. */
export function htmlReport(report: ReportDocument, footer: string): string {
  const { banner } = report;
  const head = element(
    "head",
    {},
    element("meta", { charset: "utf-8" }),
    element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    element("meta", {
      "http-equiv": "Content-Security-Policy",
      content: "default-src 'none'; style-src 'unsafe-inline'",
    }),
    element("title", {}, report.title),
    element("style", {}, new Markup(`${COLOURS}${PAGE_STYLE}\n${CHART_MARKS}`)),
  );
  const body = element(
    "body",
    {},
    element(
      "main",
      {},
      element("h1", {}, report.title),
      element(
        "div",
        { class: `banner ${banner.tone}` },
        element("b", {}, banner.words),
        banner.sentence === null ? null : element("p", {}, banner.sentence),
      ),
      report.parts.map(partHtml),
    ),
    element("footer", {}, footer),
  );
  return `<!doctype html>\n${element("html", { lang: "en" }, head, body)}\n`;
}

function partHtml(part: Part): Markup {
  switch (part.kind) {
    case "heading":
      return element(`h${part.level}`, {}, part.text);
    case "paragraph":
      return element("p", part.aside === true ? { class: "aside" } : {}, part.text);
    case "facts":
      return element(
        "dl",
        {},
        part.rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
      );
    case "table":
      return tableHtml(part);
    case "verbatim":
      return together(element("p", { class: "aside" }, part.caption), element("pre", {}, part.text));
    case "chart":
      return together(
        element("figure", {}, part.chart.draw(false)),
        element("details", {}, element("summary", {}, "The same as numbers"), tableHtml(part.numbers)),
      );
  }
}

/** Numbers stay with their units, odds in one piece. */
function unbroken(text: string): string {
  return text.replace(/(?<=\d) (?=%)|(?<=\b1) (?=: \d)|(?<=\b1[ \u00a0]:) (?=\d)/g, "\u00a0");
}

function tableHtml({ caption, head, rows }: Table): Markup {
  const cells = (name: string, values: readonly Child[]) =>
    values.map((value) => element(name, name === "th" ? { scope: "col" } : {}, value));
  return element(
    "div",
    { class: "wide" },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, cells("th", head))),
      element(
        "tbody",
        {},
        rows.map((row) => element("tr", {}, cells("td", row.map(unbroken)))),
      ),
    ),
  );
}
