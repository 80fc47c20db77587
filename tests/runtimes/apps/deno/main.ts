const port = Number(Deno.env.get("PORT"));

Deno.serve({port}, (request) => {
  if (new URL(request.url).pathname === "/work") {
    Deno.removeSync(Deno.makeTempDirSync());
  }
  return new Response("works as nobody");
});
