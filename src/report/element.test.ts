import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { element, escaped, Markup, together } from "./element.js";

describe("an element", () => {
  test("has its children as text, whatever is in them", () => {
    const hostile = `</script><script>alert(1)</script> "x" 'y' & <b>`;
    expect(element("p", { title: hostile }, hostile).text).toBe(
      '<p title="&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &quot;x&quot; &#39;y&#39; &amp; &lt;b&gt;">' +
        "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &quot;x&quot; &#39;y&#39; &amp; &lt;b&gt;</p>",
    );
  });

  test("takes markup as it is, numbers with two decimals, and leaves out what is null", () => {
    expect(element("g", { x: 1 / 3, y: null }, new Markup("<i></i>"), null, [2 / 3, "a"]).text).toBe(
      '<g x="0.33"><i></i>0.67a</g>',
    );
    expect(together(element("meta", { charset: "utf-8" }), "<").text).toBe('<meta charset="utf-8">&lt;');
  });

  test("no text becomes markup, ends an attribute, or has what XML refuses", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const safe = escaped(text);
        expect(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/.test(safe)).toBe(false);
        expect(/(?![\n\t])\p{Cc}|\p{Surrogate}|[\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u.test(safe)).toBe(false);
      }),
    );
  });
});
