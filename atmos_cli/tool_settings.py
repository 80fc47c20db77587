"""Where a repo's pipelines take atmos from, and on which forge they run: `tool` and `forge` of atmos-cli.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from atmos_cli.documents import Strict

Forge = Literal["github", "gitlab"]
FORGES: tuple[Forge, ...] = ("github", "gitlab")

# All of them end up in a shell and in YAML, so nothing in them means anything there.
_VERSION = r"(?P<version>[0-9][0-9A-Za-z.]{0,60})"
_INDEX = re.compile(rf"atmos-cli=={_VERSION}(?: --hash=sha256:[0-9a-f]{{64}}){{1,20}}")
_WHEEL = re.compile(rf"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*atmos_cli-{_VERSION}-py3-none-any\.whl")
_GIT = re.compile(r"git\+(?:https://|ssh://(?:[a-z]+@)?)[A-Za-z0-9.-]+(?::\d{1,5})?/[A-Za-z0-9_.~/+-]+@[0-9a-f]{40}")
_FORMS = (_INDEX, _WHEEL, _GIT)
_NAMED = re.compile(
    rf"atmos-cli=={_VERSION}|atmos_cli-{_VERSION.replace('<version', '<wheel')}-py3-none-any\.whl"
    rf"|--require-version {_VERSION.replace('<version', '<required')}|(?P<commit>{_GIT.pattern})"
)


def _is_pinned(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > 2048 or not any(form.fullmatch(value) for form in _FORMS):
        shown = str(value)[:80]
        raise ValueError(
            f"`{shown}` is no place that always gives the same atmos: write `atmos-cli==VERSION --hash=sha256:DIGEST`, "
            "the path of a wheel in this repo, or `git+https://HOST/PATH@COMMIT` with all 40 digits"
        )
    return value


class Tool(Strict):
    """`install` is a line of a requirements file of pip, in one of three forms; without it pipelines say so and fail.

    There is no default: whoever registers the name on a public index would run code in every pipeline.
    """

    install: Annotated[str, BeforeValidator(_is_pinned)] | None = Field(
        default=None, description="what pipelines install: name, version and hashes; a wheel in the repo; a commit"
    )
    index: Annotated[str, StringConstraints(pattern=r"^https://[A-Za-z0-9.:-]+(/[A-Za-z0-9_.~/-]*)?$")] | None = Field(
        default=None, description="the package index that has it; by default the one that pip is set up with"
    )

    @property
    def version(self) -> str | None:
        """Return the version that is installed, where `install` says it: not that of a commit."""
        match = _INDEX.fullmatch(self.install or "") or _WHEEL.fullmatch(self.install or "")
        return match["version"] if match else None

    @property
    def pin(self) -> str | None:
        """Return the version that is installed, or the address with the commit."""
        return self.version or self.install

    @property
    def wheel(self) -> str | None:
        """Return the path of the wheel in the repo; None for the other forms."""
        return self.install if self.install and _WHEEL.fullmatch(self.install) else None

    @property
    def requirement(self) -> str | None:
        """Return name and version, or name and commit, for who cannot check hashes; None for a wheel in the repo."""
        if self.install is None or self.wheel:
            return None
        return f"atmos-cli @ {self.install}" if self.from_git else self.install.partition(" ")[0]

    @property
    def from_git(self) -> bool:
        return bool(self.install and _GIT.fullmatch(self.install))


def pins_in(text: str) -> tuple[str, ...]:
    """Return what a pipeline or hook installs or asks for, each once: versions, or addresses with a commit."""
    found = (match[match.lastgroup] for match in _NAMED.finditer(text) if match.lastgroup)
    return tuple(dict.fromkeys(found))
