"""What `--help` shows of each command as examples: command lines that work as they stand, with names of one's own."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": ('new service "node, port 80, postgres"', "validate", "status", "verify checkout --env dev"),
    "init": (
        "init gitops",
        "init gitops --team payments --git-url https://git.acme.io/shop/gitops.git",
        "init . --env dev --env prod --dry-run",
    ),
    "list": ("list", "list checkout --env prod"),
    "rename": ("rename checkout orders",),
    "change": (
        'change checkout "add redis, size m in prod, 4 replicas"',
        "change checkout --set-env LOG_LEVEL=debug --env dev",
        'change checkout "secret STRIPE_KEY"',
    ),
    "update": ("update", "update checkout", "update --check"),
    "outdated": ("outdated",),
    "validate": ("validate", "validate apps/main/checkout", "validate -o json"),
    "render": ("render checkout --env prod",),
    "diff": ("diff", "diff --base origin/main --env prod"),
    "deploy": ("deploy checkout --env dev --image :1.4.2", "deploy checkout --env dev --image ghcr.io/acme/shop:1.4.2"),
    "promote": ("promote checkout --to staging", "promote checkout --from staging --to prod"),
    "rollback": ('rollback checkout --env prod --reason "errors since 14:05"',),
    "recover": ("recover",),
    "status": ("status", "status checkout --env prod --watch"),
    "tree": ("tree checkout --env prod",),
    "explain": ("explain ATM401", "explain all"),
    "new": ('new service "node, port 80, postgres"', "new environment staging --like dev", "new team payments"),
    "new service": (
        'new service "node, port 80, postgres"',
        'new service "python, port 8000, called ledger, secret STRIPE_KEY, health check at /up"',
        'new service "go, port 8080, host shop.example.com, 2..6, depends on cart"',
        'new service "image ghcr.io/acme/shop:1.2.3, port 8080, in dev and staging" --dry-run',
        "new service",
    ),
    "new environment": ("new environment staging --like dev", "new environment preview --like dev --no-services"),
    "new team": ("new team payments --group payments-developers",),
    "new cluster": ("new cluster prod-eu --like prod",),
    "remove": ("remove service checkout", "remove environment staging"),
    "remove service": ("remove service checkout --dry-run", "remove service checkout --env dev"),
    "remove environment": ("remove environment staging",),
    "remove team": ("remove team payments",),
    "remove cluster": ("remove cluster old",),
    "verify": ("verify checkout --env dev", "verify checkout --env prod --fail-on warn"),
    "verify run": ("verify checkout --env dev", "verify checkout --env prod --fail-on warn"),
    "verify backtest": ("verify backtest checkout --env prod --hours 24",),
    "approve": (
        "approve request --env prod --service checkout",
        "approve check",
    ),
    "approve request": ('approve request --env prod --service checkout --reason "launch"',),
    "approve show": ("approve show platform/approvals/prod/checkout/launch.yaml",),
    "approve sign": ("approve sign platform/approvals/prod/checkout/launch.yaml --key ~/.ssh/id_ed25519",),
    "approve check": ("approve check", "approve check --env prod"),
    "budget": ("budget show prod", "budget explain checkout --env prod"),
    "budget show": ("budget show", "budget show prod"),
    "budget explain": ("budget explain checkout --env prod",),
    "budget diff": ("budget diff origin/main..HEAD",),
    "budget check": ("budget check --base origin/main",),
    "budget audit": ("budget audit --env prod",),
    "budget init": ("budget init prod",),
    "budget rightsize": ("budget rightsize checkout --env prod --days 14",),
    "blueprint": ("blueprint list", "blueprint show postgres", "blueprint new edge-proxy"),
    "blueprint list": ("blueprint list",),
    "blueprint new": ("blueprint new edge-proxy",),
    "blueprint show": ("blueprint show postgres",),
    "blueprint lint": ("blueprint lint", "blueprint lint edge-proxy"),
    "blueprint test": ("blueprint test", "blueprint test edge-proxy --update"),
    "schema": ("schema spec",),
    "schema spec": ("schema spec",),
}


def examples_of(path: str) -> tuple[str, ...]:
    """Return the whole command lines of a command, whose `path` is as in its usage: `atmos new service`."""
    return tuple(f"atmos {each}" for each in EXAMPLES.get(path.partition(" ")[2], ()))
