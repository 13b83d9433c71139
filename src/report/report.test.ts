import { describe, expect, test } from "vitest";
import { course, point } from "../../test/report/course.js";
import { sample } from "../../test/report/sample.js";
import { chartOf } from "./chart/chart.js";
import { htmlReport } from "./html.js";
import { markdownReport, plain } from "./markdown.js";
import { type ReportInput, reportData, reportDocument } from "./report.js";
import { storyOf } from "./story.js";

const CALM = { errors: 0.001, slow: 0.01 };
const HARMFUL = { seed: 2, requestsPerSecond: 200, stable: CALM, canary: { errors: 0.05, slow: 0.01 } };
const GUARDED = { ...HARMFUL, analysis: null, stages: [{ share: 10, minMs: 2_000, maxMs: 4_000 }], historySeconds: 2 };
const FOOTER = "Written by Windlass.";
const GOLDEN = "../../test/golden/report";

const html = (input: ReportInput) => htmlReport(reportDocument(input), FOOTER);

describe("a small report", () => {
  test("as HTML", async () => {
    await expect(html(sample(GUARDED)).replaceAll("><", ">\n<")).toMatchFileSnapshot(`${GOLDEN}/guarded.html`);
  });

  test("as Markdown", async () => {
    const { text, files } = markdownReport(reportDocument(sample(GUARDED)), "guarded", FOOTER);
    await expect(text).toMatchFileSnapshot(`${GOLDEN}/guarded.md`);
    expect(files).toEqual({});
  });

  test("a chart, from numbers that no analysis made", async () => {
    const { story } = sample(HARMFUL);
    const [service] = story.services;
    if (service === undefined || service.since === null) return expect.fail();
    const since = service.since;
    const points = [1, 2, 3, 4, 5].map((second) =>
      point(since + second * 1_000, {
        canary: [second, 20 * second],
        stable: [0, 180 * second],
        evidence: { fail: 1.2 * second, pass: -0.5 * second },
        verdict: second === 5 ? "fail" : "inconclusive",
      }),
    );
    const svg = chartOf(story, service, course(since, points)).draw(true).text.replaceAll("><", ">\n<");
    await expect(svg).toMatchFileSnapshot(`${GOLDEN}/chart.svg`);
  });
});

describe("a report", () => {
  test("says what was asked, by whom, what was found and decided", () => {
    const page = html(sample(HARMFUL));
    for (const words of ["Hauled back", "by ada", "faster search", "requests failed", "going back", "1.0.0-aaaaaaa"])
      expect(page).toContain(words);
    expect(page.match(/<svg/g)?.length).toBe(2);
    expect(page.match(/<desc /g)?.length).toBe(2);
  });

  test("needs nothing else: no script, nothing from a network", () => {
    const page = html(sample(HARMFUL));
    expect(/<script|<link|<img|@import|url\((?!#)|\son\w+=|javascript:|https?:/i.test(page)).toBe(false);
  });

  test("keeps what people wrote as text", () => {
    const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(1)> [x](javascript:alert(1)) | \u202e \u0007`;
    const input = sample({ ...HARMFUL, label: `1-"><svg onload=alert(1)>`, reason: hostile });
    const page = html(input);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&gt;");
    expect(/<script|<img|<svg onload/.test(page)).toBe(false);
    expect(page.includes("\u202e") || page.includes("\u0007")).toBe(false);
    const { text, files } = markdownReport(reportDocument(input), "d2", FOOTER);
    expect(text).toContain("&lt;script\\>alert(1)&lt;/script\\>");
    expect(/<script|<img|<svg|(?<!\\)\]\(javascript/.test(text)).toBe(false);
    for (const svg of Object.values(files)) expect(/<script|<img|onload=(?!alert\(1\)&gt;)/.test(svg)).toBe(false);
  });

  test("Markdown has each chart in a file beside it", () => {
    const { text, files } = markdownReport(reportDocument(sample(HARMFUL)), "production d2", FOOTER);
    expect(Object.keys(files)).toEqual(["production d2-api-errors.svg", "production d2-api-slow.svg"]);
    expect(text).toContain("](<production%20d2-api-errors.svg>)");
    for (const svg of Object.values(files)) expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
  });

  test("of one that goes on says how it stands", () => {
    const low = {
      ...HARMFUL,
      requestsPerSecond: 0.5,
      canary: CALM,
      stages: [{ share: 25, minMs: 5_000, maxMs: 60_000 }],
    };
    const { banner } = reportDocument(sample(low));
    expect(banner).toMatchObject({ tone: "open", words: "In progress" });
    expect(banner.sentence).toMatch(/^api, stage 1: (inconclusive|no-data): /);
  });

  test("without counts has its story, and says that they are gone", () => {
    const page = html({ ...sample(HARMFUL), counted: {} });
    expect(page).toContain("No counts of requests are kept from that time.");
    expect(page).not.toContain("<svg");
  });

  test("as data is plain JSON with every number, without the spec", () => {
    const data = JSON.parse(JSON.stringify(reportData(sample(HARMFUL))));
    expect(data).toMatchObject({ id: "d2", outcome: "rolled-back", requested: "2026-11-21T09:45:00.000Z" });
    expect(data.courses[0].points.at(-1).comparison.evidence.fail).toBeGreaterThan(0);
    expect(data.services[0].spec).toBeUndefined();
  });
});

test("events of other deployments are not in the story, and none is made up", () => {
  const { story } = sample(HARMFUL);
  expect(storyOf("shop/production", story.events, "d9", story.now)).toBeNull();
  const last = story.events.at(-1) ?? expect.fail();
  const paused = { type: "deployment.paused@1", data: { deployment: "d3", reason: null } } as const;
  const other = { ...last, version: 99, sequence: 99, ...paused };
  const told = storyOf("shop/production", [...story.events, other], "d2", story.now);
  expect(told?.events).toEqual(story.events);
});

test("Markdown's signs are text", () => {
  expect(plain("1. a *b* `c` <d> [e](f) | g\nh & #i")).toBe(
    "1\\. a \\*b\\* \\`c\\` &lt;d\\> \\[e\\](f) \\| g h &amp; \\#i",
  );
});
