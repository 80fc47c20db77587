const Koa = require("koa");
const work = require("./work");

const app = new Koa();
app.use(async (context) => {
  context.body = context.path === "/work" ? await work() : "ok";
});
app.listen(process.env.PORT || 3000);
