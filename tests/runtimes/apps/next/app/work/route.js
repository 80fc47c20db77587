import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";

export const dynamic = "force-dynamic";

export async function GET() {
  fs.mkdtempSync(path.join(os.tmpdir(), "work"));
  const client = new pg.Client({connectionString: process.env.DATABASE_URL});
  await client.connect();
  const found = await client.query("select current_user as name");
  await client.end();
  return new Response("works as " + found.rows[0].name);
}
