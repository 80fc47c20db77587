"""The commands that read offline: what CI and hooks run on a stranger's change."""

from __future__ import annotations

VALIDATE = ("validate",)
READING = (
    VALIDATE,
    ("validate", "-o", "json"),
    ("render", "checkout"),
    ("validate", "apps"),
    ("render", "checkout", "-e", "dev", "-o", "json"),
    ("diff",),
    ("diff", "-o", "json"),
    ("budget", "check"),
    ("budget", "show"),
    ("budget", "show", "--by", "service", "-o", "json"),
    ("budget", "explain", "checkout"),
    ("outdated",),
    ("outdated", "-o", "json"),
    ("budget", "audit"),
    ("approve", "check"),
    ("approve", "check", "-o", "json"),
    ("explain", "ATM401"),
    ("blueprint", "list"),
    ("blueprint", "show", "web", "--env", "dev"),
    ("new", "service", "node, port 80, called fresh", "--dry-run"),
    ("blueprint", "lint", "web"),
    ("new", "service", "node, port 80, redis, called fresh", "--dry-run", "--diff", "-o", "json"),
    ("rollback", "checkout", "--env", "dev", "--dry-run"),
)
