// @ts-check
import { Hono } from "hono";
import { Problem } from "./problem.js";
import { viewOf } from "./project-view.js";
import { body, Id, NewProject, ProjectPage, parse, StatusChange } from "./shapes.js";

/** @param {import("./projects.js").Projects} projects */
export function projectRoutes(projects) {
  /** @type {Hono<import("./access.js").Env>} */
  const routes = new Hono();
  const idOf = (/** @type {import("hono").Context} */ context) => parse(Id, context.req.param()).id;

  routes.get("/", async (context) => {
    const page = parse(ProjectPage, context.req.query());
    const found = await projects.list(page);
    return context.json({
      projects: found.map(viewOf),
      next: found.length === page.limit ? (found.at(-1)?.id ?? null) : null,
    });
  });

  routes.post("/", async (context) => {
    const project = await projects.create(await body(context, NewProject), context.get("requestId"));
    return context.json(viewOf(project), 201, { location: `/api/projects/${project.id}` });
  });

  routes.get("/:id", async (context) => {
    const project = await projects.read(idOf(context));
    return context.json(viewOf(project ?? missing()));
  });

  routes.patch("/:id", async (context) => {
    const id = idOf(context);
    const { status } = await body(context, StatusChange);
    const project = await projects.change(id, status, context.get("requestId"));
    return context.json(viewOf(project ?? missing()));
  });

  routes.get("/:id/activity", async (context) => {
    const id = idOf(context);
    if ((await projects.read(id)) === null) missing();
    return context.json({ activity: await projects.activity(id) });
  });
  return routes;
}

/** @returns {never} */
function missing() {
  throw new Problem(404, "no-such-project", "there is no project with this id");
}
