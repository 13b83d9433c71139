const at = (id) => document.getElementById(id);
const money = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
let next = null;

/** An answer's JSON; what went wrong is shown and thrown. */
async function ask(path, options) {
  const answer = await fetch(path, options).catch(() => null);
  const release = answer?.headers.get("x-release");
  if (release) at("release").textContent = `answered by ${release}`;
  const body = await answer?.json().catch(() => null);
  if (answer?.ok && body) {
    at("trouble").hidden = true;
    return body;
  }
  at("trouble").textContent = body?.error?.message ?? "No answer; try again in a moment.";
  at("trouble").hidden = false;
  throw new Error(`${path}: ${answer?.status ?? "no answer"}`);
}

function rowOf({ name, status, budget, lent, lentPercent }) {
  const row = document.createElement("tr");
  const share = lentPercent === undefined || lentPercent === null ? "" : ` (${lentPercent} %)`;
  for (const text of [
    name,
    status,
    budget === null ? "none yet" : money.format(budget / 100),
    money.format(lent / 100) + share,
  ])
    row.insertCell().textContent = text;
  return row;
}

async function show(after) {
  const page = await ask(`/api/projects${after === null ? "" : `?after=${after}`}`);
  const rows = page.projects.map(rowOf);
  if (after === null) at("projects").replaceChildren(...rows);
  else at("projects").append(...rows);
  next = page.next;
  at("more").hidden = next === null;
}

at("more").addEventListener("click", () => show(next));
at("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { name, budget } = Object.fromEntries(new FormData(form));
  const project = { name, ...(budget !== "" && { budget: Math.round(Number(budget) * 100) }) };
  await ask("/api/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(project),
  });
  form.reset();
  await show(null);
});
await show(null);
