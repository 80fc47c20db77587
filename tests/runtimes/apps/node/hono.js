const {serve} = require("@hono/node-server");
const {Hono} = require("hono");
const work = require("./work");

const app = new Hono();
app.get("/healthz", (context) => context.text("ok"));
app.get("/readyz", (context) => context.text("ok"));
app.get("/work", async (context) => context.text(await work()));
serve({fetch: app.fetch, port: Number(process.env.PORT || 3000)});
