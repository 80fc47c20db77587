import fs from "node:fs";

Bun.serve({
  async fetch(request) {
    if (new URL(request.url).pathname !== "/work") {
      return new Response("ok");
    }
    fs.mkdtempSync("/tmp/work");
    const [found] = await Bun.sql`select current_user as name`;
    return new Response("works as " + found.name);
  },
});
