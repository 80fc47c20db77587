"""`blueprint.yaml`: what a workload type or an add-on is made of. Data only; nothing in it can run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from atmos_cli.documents import Strict

BlueprintName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
SettingName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,40}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^(shared/)?[a-z0-9][a-z0-9-]*\.yaml$")]
Owner = Literal["base", "environment"]
Serves = Literal["port", "nothing"]
# YAML parses `true` as a boolean; every other condition is an expression.
Condition = Annotated[str, BeforeValidator(lambda value: str(value).lower() if isinstance(value, bool) else value)]


class Called(Strict):
    """What people call a noun. `loose_words` decide only where no other word of their kind is said.

    After `store_words` (some of `words`) a word such as `database` says nothing new; `without_words` say that the noun
    is not wanted; `word_notes` are what the plan says of a word.
    """

    words: tuple[str, ...] = ()
    loose_words: tuple[str, ...] = ()
    store_words: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    word_notes: dict[str, str] = Field(default={})


class Versioned(Called):
    """`majors`: the first and the last version that there has been; `node 20` is a version, and `node 80` a port."""

    majors: tuple[int, int] | None = None


class CalledAddon(Called):
    """`backing`: a thing beside the service, which has a version, a name and a port, and not a property of it."""

    backing: bool = True
    usual_port: int | None = Field(default=None, ge=1, le=65535)


class Input(Strict):
    """One setting that a spec may give under `addons.<name>`; `default` may be an expression.

    A `port` is 1 to 65535, a `path` starts with a slash, a `duration` is a number with ms, s, m or h.
    """

    type: Literal["string", "integer", "boolean", "quantity", "port", "path", "duration"]
    default: Any
    summary: str
    values: tuple[str | int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None


class Setting(Strict):
    """One setting that an environment may give; `init` writes `production` into a new production environment.

    A `name` is a DNS label, a `quantity` more than nothing, `ports` a list of port numbers.
    """

    type: Literal["string", "integer", "boolean", "quantity", "name", "ports"]
    default: Any
    summary: str
    values: tuple[str | int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    production: Any = None


class ResourceFile(Strict):
    """A tree of `resources/`, or of `shared/` beside the blueprints.

    `owner: environment` puts the object into each overlay, which may lack or vary it.
    """

    file: FileName
    when: Condition = "true"
    repeat: str | None = Field(default=None, alias="for")
    owner: Owner = "base"


class ContributionTarget(Strict):
    kind: str
    name: str = "${{ svc.name }}"


class Contribution(Strict):
    """Merged into an object of the workload, list items by their key; `delete` removes dotted fields of it."""

    into: ContributionTarget
    when: Condition = "true"
    tree: dict[str, Any] = Field(default={})
    delete: tuple[str, ...] = ()


class Refusal(Strict):
    when: Condition
    message: str
    hint: str = ""


class Note(Strict):
    """What the developer should know or do next, in one sentence."""

    when: Condition = "true"
    message: str


class Connection(Strict):
    """What the service reads at run time: an environment variable, and the Secret and key it comes from, if any.

    With `for` one such for each item of a list.
    """

    variable: str
    secret: str = ""
    key: str = ""
    summary: str = ""
    when: Condition = "true"
    repeat: str | None = Field(default=None, alias="for")


class Requirement(Strict):
    """A kind that the environment's cluster must serve, and who brings it."""

    kind: str
    group: str
    provider: str
    when: Condition = "true"


class Manifest(CalledAddon):
    name: BlueprintName
    kind: Literal["workload", "addon"]
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    summary: str
    serves: Serves = Field(default="port", description="what clients of a workload connect to")
    packages: tuple[str, ...] = Field(default=(), description="drivers by which an application shows that it uses it")
    inputs: dict[str, Input] = Field(default={})
    settings: dict[SettingName, Setting] = Field(default={})
    values: dict[str, str] = Field(default={})
    resources: tuple[ResourceFile, ...] = ()
    contributes: tuple[Contribution, ...] = ()
    renames: dict[str, str] = Field(default={}, description="`Kind/old: Kind/new`: the same object, called otherwise")
    refuse: tuple[Refusal, ...] = ()
    connections: tuple[Connection, ...] = ()
    requires: tuple[Requirement, ...] = ()
    notes: tuple[Note, ...] = ()


class UnavailableType(Called):
    """`instead` is what to do in this version, as the hint says it."""

    serves: Serves = "port"
    instead: str = ""


class UnavailableAddon(CalledAddon):
    instead: str = ""


class Unsaid(Called):
    """What no field of a spec stands for: `problem` completes a sentence about the word, `instead` is the hint."""

    problem: str
    instead: str


class Remark(Called):
    """What needs no setting, and what the plan says of it."""

    note: str


class Unavailable(Strict):
    """`unavailable.yaml`: words for what no blueprint offers, so that they are answered, not taken for mistakes."""

    languages: tuple[str, ...] = ()
    types: dict[BlueprintName, UnavailableType] = Field(default={})
    addons: dict[BlueprintName, UnavailableAddon] = Field(default={})
    others: dict[BlueprintName, Unsaid] = Field(default={})
    remarks: dict[BlueprintName, Remark] = Field(default={})
