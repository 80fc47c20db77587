const app = require("express")();
const work = require("./work");

app.get("/healthz", (request, response) => response.send("ok"));
app.get("/readyz", (request, response) => response.send("ok"));
app.get("/work", async (request, response) => response.send(await work()));
app.listen(process.env.PORT || 3000);
