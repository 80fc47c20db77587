const app = require("fastify")();
const work = require("./work");

app.get("/healthz", async () => "ok");
app.get("/readyz", async () => "ok");
app.get("/work", work);
app.listen({host: process.env.FASTIFY_ADDRESS, port: Number(process.env.PORT || 3000)});
