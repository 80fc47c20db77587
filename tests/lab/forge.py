"""Gitea, the lab's forge: users, teams, tokens, protected branches and pull requests over its real API."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.lab.components import binary, share
from tests.lab.processes import PATIENCE, LabError, Process, free_port, retry_ports, start, stop_all, wait_until

if TYPE_CHECKING:
    from pathlib import Path

PROTECTION = {
    "enable_push": False,
    "required_approvals": 1,
    "block_on_rejected_reviews": True,
    "dismiss_stale_approvals": True,
    # Without it Gitea counts an approval that was given for an older commit.
    "ignore_stale_approvals": True,
    "block_admin_merge_override": True,
}


class ForgeError(Exception):
    """Gitea's answer when it is not a 2xx."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")


@dataclass(eq=False)
class Forge:
    """`admin` owns everything; `user` makes others. A token is also the password of git over http."""

    directory: Path
    processes: list[Process] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    clients: dict[str, httpx.Client] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        self.port = free_port()
        self._settings.write_text(_app_ini(self.directory, self.port))
        self._run("migrate")
        try:
            environment = {"GITEA_WORK_DIR": str(self.directory), "HOME": str(self.directory)}
            command = (binary("gitea"), "--config", self._settings, "web")
            self.processes.append(start("gitea", command, logs=self.directory / "logs", environment=environment))
            wait_until(self._answers, "gitea", processes=self.processes)
        except BaseException:
            self.end()
            raise
        if "admin" not in self.tokens:
            self._first_user("admin")

    def end(self) -> None:
        for client in self.clients.values():
            client.close()
        self.clients.clear()
        stop_all(self.processes)
        self.processes.clear()

    def ask(self, user: str, method: str, path: str, **options: Any) -> Any:
        """The JSON answer of `/api/v1` to that user; None when it is empty. ForgeError when it is not a yes."""
        if user not in self.clients:
            headers = {"Authorization": f"token {self.tokens[user]}"}
            self.clients[user] = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=PATIENCE)
        response = self.clients[user].request(method, path, **options)
        if response.status_code >= 400:
            raise ForgeError(response.status_code, response.text)
        return response.json() if response.content else None

    def user(self, name: str) -> str:
        """The user's token; the user is created when new."""
        if name not in self.tokens:
            password = secrets.token_hex(8)
            body = {"username": name, "email": f"{name}@example.test", "password": password}
            self.ask("admin", "POST", "/admin/users", json={**body, "must_change_password": False})
            asked = httpx.post(
                f"{self.url}/api/v1/users/{name}/tokens",
                auth=(name, password),
                json={"name": "lab", "scopes": ["all"]},
                timeout=PATIENCE,
            )
            self.tokens[name] = asked.raise_for_status().json()["sha1"]
        return self.tokens[name]

    def organization(self, name: str) -> None:
        self.ask("admin", "POST", "/orgs", json={"username": name, "visibility": "private"})

    def team(self, organization: str, name: str, *members: str, permission: str = "write") -> None:
        """A team with that permission on every repository of the organization."""
        units = {"permission": permission, "units": ["repo.code", "repo.pulls", "repo.issues"]}
        body = {"name": name, "includes_all_repositories": True, **units}
        team = self.ask("admin", "POST", f"/orgs/{organization}/teams", json=body)
        for member in members:
            self.user(member)
            self.ask("admin", "PUT", f"/teams/{team['id']}/members/{member}")

    def repository(self, owner: str, name: str, *, private: bool = True) -> str:
        """A repository of an organization (or of `admin`) with one first commit on `main`; its URL without a token."""
        path = "/user/repos" if owner == "admin" else f"/orgs/{owner}/repos"
        body = {"name": name, "private": private, "auto_init": True, "default_branch": "main"}
        self.ask("admin", "POST", path, json=body)
        return f"{self.url}/{owner}/{name}.git"

    def push_url(self, owner: str, name: str, user: str) -> str:
        """The URL with which git acts as that user."""
        return f"http://{user}:{self.user(user)}@127.0.0.1:{self.port}/{owner}/{name}.git"

    def protect(self, owner: str, name: str, branch: str = "main", **settings: Any) -> None:
        """Protects a branch as a careful team would; `settings` are Gitea's own and win."""
        body = {"rule_name": branch, **PROTECTION, **settings}
        self.ask("admin", "POST", f"/repos/{owner}/{name}/branch_protections", json=body)

    @property
    def _settings(self) -> Path:
        return self.directory / "app.ini"

    def _first_user(self, name: str) -> None:
        account = ("--username", name)
        secret = ("--password", secrets.token_hex(8), "--email", f"{name}@example.test")
        self._run("admin", "user", "create", *account, *secret, "--admin", "--must-change-password=false")
        scope = ("--token-name", "lab", "--scopes", "all", "--raw")
        # Log lines go to standard output too: the token is the last line.
        self.tokens[name] = self._run("admin", "user", "generate-access-token", *account, *scope).splitlines()[-1]

    def _run(self, *arguments: str) -> str:
        run = subprocess.run(
            [binary("gitea"), "--config", self._settings, *arguments],
            env={**os.environ, "GITEA_WORK_DIR": str(self.directory), "HOME": str(self.directory)},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise LabError(f"gitea {arguments[0]} failed: {run.stdout[-2000:]}{run.stderr[-2000:]}")
        return run.stdout.strip()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v1/version", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def start_forge(directory: Path) -> Forge:
    """A fresh Gitea, ready in about six seconds; the caller ends it."""
    directory.mkdir(parents=True, exist_ok=True)
    forge = Forge(directory)
    retry_ports(forge.begin)
    return forge


def _app_ini(directory: Path, port: int) -> str:
    """Gitea's settings: sqlite, quick password hashes, nothing in the background, hooks to loopback allowed."""
    sections: dict[str, dict[str, object]] = {
        "server": {
            # Templates and locales stand beside the binary in the lab's cache, as they are not compiled in.
            "STATIC_ROOT_PATH": share("gitea", "templates").parent,
            "APP_DATA_PATH": directory / "data",
            "HTTP_ADDR": "127.0.0.1",
            "HTTP_PORT": port,
            "ROOT_URL": f"http://127.0.0.1:{port}/",
            "OFFLINE_MODE": True,
            "DISABLE_SSH": True,
        },
        "database": {"DB_TYPE": "sqlite3", "PATH": directory / "gitea.db"},
        "repository": {"ROOT": directory / "repos", "DEFAULT_BRANCH": "main"},
        "security": {
            "INSTALL_LOCK": True,
            "SECRET_KEY": secrets.token_hex(16),
            "PASSWORD_HASH_ALGO": "pbkdf2$1000$32",
        },
        "service": {"DISABLE_REGISTRATION": True},
        "session": {"PROVIDER": "memory"},
        "queue": {"TYPE": "channel"},
        "indexer": {"ISSUE_INDEXER_TYPE": "db"},
        "webhook": {"ALLOWED_HOST_LIST": "loopback"},
        "cron": {"ENABLED": False},
        "update_checker": {"ENABLED": False},
        "actions": {"ENABLED": False},
        "packages": {"ENABLED": False},
        "log": {"ROOT_PATH": directory / "log", "MODE": "console", "LEVEL": "Warn"},
    }
    top = {
        "RUN_MODE": "prod",
        "RUN_USER": _user_name(),
        "I_AM_BEING_UNSAFE_RUNNING_AS_ROOT": True,
        "WORK_PATH": directory,
    }
    lines = [f"{name} = {_ini(value)}" for name, value in top.items()]
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{name} = {_ini(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _ini(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _user_name() -> str:
    return pwd.getpwuid(os.getuid()).pw_name
