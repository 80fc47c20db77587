"""`languages.yaml` and `frameworks.yaml`: what a runtime, and what people build on it, needs of its pod. Data only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from atmos_cli.blueprint.manifest import BlueprintName, Condition, Note, Refusal, Versioned
from atmos_cli.diagnostics import AtmosError
from atmos_cli.documents import Strict
from atmos_cli.kube.quantity import parse

SizeName = Literal["xs", "s", "m", "l", "xl"]
SIZES: tuple[SizeName, ...] = ("xs", "s", "m", "l", "xl")
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=253)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", max_length=100)]
# Empty: nothing is asked, and the probe only connects.
ProbePath = Annotated[str, StringConstraints(pattern=r"^(/[^\s]*)?$", max_length=1024)]
Directory = Annotated[str, StringConstraints(pattern=r"^/[^\s]*[^\s/]$", max_length=1024)]


def _quantity(value: str) -> str:
    try:
        parse(value)
    except AtmosError as error:
        raise ValueError(error.diagnostics[0].message) from None
    return value


Quantity = Annotated[str, AfterValidator(_quantity)]


class SizeTable(Strict):
    cpu: str
    memory: str


class Variable(Strict):
    """A variable by which a process finds an add-on: a `key` of its secret, or a `value` made of variables before it.

    Kubernetes replaces `$(NAME)` only by what stands earlier in the same list.
    """

    name: VariableName
    key: str = ""
    value: str = ""
    when: Condition = "true"

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Variable:
        if bool(self.key) == bool(self.value):
            raise ValueError(f"`{self.name}` wants a `key` or a `value`")
        return self


class Memory(Strict):
    """`least` below which it does not work; `share` of the limit, in percent, that the heap may take at most.

    `beside` is what the process needs beside its heap, so that in a small container the share is smaller.
    """

    least: Quantity = "0"
    beside: Quantity = "0"
    share: int = Field(default=75, ge=10, le=95)


class UsualImage(Strict):
    """The image that people mostly use. `cannot`: why it does not run in the pod; `instead`: the image that does."""

    usual: str
    cannot: str = ""
    instead: str = ""


class Profile(Versioned):
    """What a language says, and a framework instead of its language or beside it. Texts may be expressions.

    `by_size` are variables whose value depends on the class of size; `options` those that hold a list of options, in
    which what a spec says comes after what stands here; `fixed_port`: no variable moves the port.
    """

    packages: tuple[str, ...] = Field(default=(), description="what an application that uses it names; `*` at an end")
    env: dict[VariableName, str] = Field(default={})
    by_size: dict[VariableName, dict[SizeName, str]] = Field(default={})
    options: tuple[VariableName, ...] = ()
    port_variables: tuple[VariableName, ...] = Field(default=(), description="what hold the port beside PORT")
    usual_port: int | None = Field(default=None, ge=1, le=65535)
    fixed_port: bool = False
    size: SizeName | None = None
    startup_seconds: int | None = Field(default=None, ge=1, le=3600)
    started: ProbePath | None = Field(default=None, description="what the startup probe asks, where it is not `health`")
    health: ProbePath | None = None
    ready: ProbePath | None = None
    built_in: str = Field(default="", description="what answers the probes without code of the service")
    headers: dict[HeaderName, str] = Field(default={}, description="what every probe sends")
    writable: tuple[Directory, ...] = ()
    tmp: Literal["disk", "memory"] | None = Field(default=None, description="memory where a sticky bit is needed")
    signals: Literal["handled", "ignored"] | None = Field(default=None, description="SIGTERM to a process with id 1")
    memory: Memory | None = None
    image: UsualImage | None = None
    connections: dict[BlueprintName, tuple[Variable, ...]] = Field(default={})
    refuse: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()
    read: tuple[str, ...] = Field(default=(), description="where it says so")
    ran: str = Field(default="", description="which version was run in such a pod")


class Language(Profile):
    """What a runtime needs of its pod. `sizes` names one of the tables in `languages.yaml`.

    `not_http`: ports on which its usual image listens, but answers no HTTP, and what does.
    """

    title: str
    user: int = Field(ge=1, le=2_000_000_000)
    group: int = Field(ge=1, le=2_000_000_000)
    sizes: str
    writable: tuple[Directory, ...] = ("/tmp",)  # noqa: S108 - the one directory that every runtime expects to be writable
    startup_seconds: int = Field(default=60, ge=1, le=3600)
    health: ProbePath = "/healthz"
    ready: ProbePath = "/readyz"
    not_http: dict[int, str] = Field(default={})


class Languages(Strict):
    """`languages.yaml`. A company's is merged over the bundled one, by language and by table of sizes."""

    sizes: dict[str, dict[str, SizeTable]] = Field(default={})
    languages: dict[BlueprintName, Language] = Field(default={})


class Framework(Profile):
    """What is laid over the row of its language. `note` is what the plan says of any of its words.

    One that says nothing of the pod is only another word for its language.
    """

    language: str
    title: str = ""
    user: int | None = Field(default=None, ge=1, le=2_000_000_000)
    group: int | None = Field(default=None, ge=1, le=2_000_000_000)
    sizes: str | None = None
    note: str = ""

    @property
    def says_something(self) -> bool:
        return bool(
            self.model_fields_set - {*Versioned.model_fields, "language", "title", "note", "packages", "read", "ran"}
        )


class Frameworks(Strict):
    """`frameworks.yaml`. A company's is merged over the bundled one, by framework."""

    frameworks: dict[BlueprintName, Framework] = Field(default={})
