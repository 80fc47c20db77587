"""GitLab's notes of a merge request, as far as the pipeline asks for them.

What it takes and gives was read in GitLab's own source: `lib/api/notes.rb` (parameters, order, what a job's token may) and
`spec/fixtures/api/schemas/public_api/v4/notes.json` (fields and types of a note), in gitlabhq/gitlabhq at 0c872e02b2c8.
"""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "glpat-for-notes-alone"
ME, SOMEBODY = 11, 12
# Required fields of a note, and their types.
NOTE = {
    "id": int,
    "body": str,
    "attachment": (str, type(None)),
    "author": dict,
    "created_at": str,
    "updated_at": str,
    "system": bool,
    "noteable_id": int,
    "noteable_type": str,
}
AUTHOR = ("id", "name", "username", "state", "avatar_url", "web_url")
NOTES = "/api/v4/projects/7/merge_requests/3/notes"


def author(number):
    return dict.fromkeys(AUTHOR, f"https://gitlab.acme.test/{number}") | {"id": number}


class FakeGitlab(ThreadingHTTPServer):
    """`asked`: every request as (method, path); `notes`, oldest first."""

    def __init__(self):
        self.notes, self.asked = [], []
        super().__init__(("127.0.0.1", 0), Answers)

    @property
    def api(self):
        return f"http://127.0.0.1:{self.server_address[1]}/api/v4"

    def note(self, by, body):
        when = "2026-12-01T00:00:00.000Z"
        made = {"id": 100 + len(self.notes), "body": body, "attachment": None, "author": author(by), "system": False}
        made |= {"created_at": when, "updated_at": when, "noteable_id": 41, "noteable_type": "MergeRequest"}
        assert made.keys() == NOTE.keys()
        assert all(isinstance(made[name], kind) for name, kind in NOTE.items())
        self.notes.append(made)
        return made


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, value, **headers):
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, each in {"Content-Type": "application/json", "Content-Length": len(data), **headers}.items():
            self.send_header(name, str(each))
        self.end_headers()
        self.wfile.write(data)

    def asked(self):
        """The path and its parameters; None where the token is not the one that may."""
        url = urlsplit(self.path)
        self.server.asked.append((self.command, url.path))
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            self.answer(401, {"message": "401 Unauthorized"})
            return None, {}
        return url.path, {name: values[-1] for name, values in parse_qs(url.query).items()}

    def do_GET(self):
        path, query = self.asked()
        if path == "/api/v4/user":
            self.answer(200, author(ME))
        elif path == NOTES:
            size, page = min(int(query.get("per_page", 20)), 100), int(query.get("page", 1))
            notes = self.server.notes if query.get("sort") == "asc" else self.server.notes[::-1]
            more = len(notes) > page * size
            self.answer(200, notes[(page - 1) * size : page * size], **{"X-Next-Page": page + 1 if more else ""})
        elif path:
            self.answer(404, {"error": "404 Not Found"})

    def body(self):
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def do_POST(self):
        path, _ = self.asked()
        if path:
            body = self.body()
            known = path == NOTES and body
            self.answer(201 if known else 400, self.server.note(ME, body) if known else {"error": "body is missing"})

    def do_PUT(self):
        path, _ = self.asked()
        body = self.body() if path else ""
        found = [each for each in self.server.notes if path == f"{NOTES}/{each['id']}"]
        if path and found and found[0]["author"]["id"] == ME:
            found[0]["body"] = body
            self.answer(200, found[0])
        elif path:
            self.answer(403, {"message": "403 Forbidden"})


@contextlib.contextmanager
def gitlab():
    server = FakeGitlab()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
