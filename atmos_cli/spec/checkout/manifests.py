"""What the files of an application say of its language, its name and what it is built on. Nothing in them is run."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A name of something that an application is built on, as its file has it; of Maven `group:artifact`.
_PACKAGE = r"[A-Za-z0-9@][A-Za-z0-9@._/:-]{0,200}"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]{0,100})")
_GRADLE = re.compile(rf"""["']({_PACKAGE})["']""")
_GEM = re.compile(r"""^[ \t]*gem[ \t]+["']([A-Za-z0-9._-]{1,100})["']""", re.MULTILINE)
_REQUIRE = re.compile(
    r"^[ \t]*(?:require[ \t]+)?([a-z0-9][A-Za-z0-9._~-]{0,100}\.[a-z]{2,20}/[A-Za-z0-9._~/-]{1,200})[ \t]+v",
    re.MULTILINE,
)
_MODULE = re.compile(r"^module\s+(\S{1,200})", re.MULTILINE)
_SDK = re.compile(r'<Project\s[^>]{0,300}Sdk="([A-Za-z0-9._]{1,100})"')
_REFERENCE = re.compile(r'<PackageReference\s[^>]{0,300}Include="([A-Za-z0-9._-]{1,200})"')


@dataclass(frozen=True, slots=True)
class ApplicationFile:
    """One file: the language that it belongs to, the name that it gives, and the names of what is built on."""

    path: str
    language: str
    name: str = ""
    packages: tuple[str, ...] = ()


class _BrokenError(Exception):
    """What is wrong with a file, in the words of a message."""


def read_application_file(path: str, data: bytes) -> ApplicationFile:
    """Return what one file says. Raises AtmosError for one that cannot be read as what it is."""
    language, reader = reader_of(path)
    try:
        text = data.decode("utf-8-sig")
        name, packages = reader(text)
    except UnicodeDecodeError:
        raise _refused(path, "is not text in UTF-8") from None
    except (ValueError, RecursionError, expat.ExpatError, _BrokenError) as error:
        line = str(error).splitlines()[0][:100] if str(error) else "it is nested too deeply"
        raise _refused(path, f"cannot be read: {line}") from None
    return ApplicationFile(path, language, name, tuple(dict.fromkeys(packages)))


def _refused(path: str, what: str) -> Exception:
    return fail(Code.CHECKOUT_UNREADABLE, f"`{path}` of the checkout {what}", hint="mend it, or leave out `--checkout`")


def _json(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise _BrokenError("it is no mapping")
    return value


def _package_json(text: str) -> tuple[str, list[str]]:
    value = _json(text)
    name = re.sub(r"^@[^/]{1,100}/", "", _text(value, "name"))
    return name, [*_keys(value, "dependencies"), *_keys(value, "devDependencies")]


def _composer(text: str) -> tuple[str, list[str]]:
    value = _json(text)
    return _text(value, "name").rpartition("/")[2], _keys(value, "require")


def _toml_table(value: dict[str, Any], *steps: str) -> dict[str, Any]:
    for step in steps:
        inner = value.get(step)
        if not isinstance(inner, dict):
            return {}
        value = inner
    return value


def _pyproject(text: str) -> tuple[str, list[str]]:
    value = tomllib.loads(text)
    project, poetry = _toml_table(value, "project"), _toml_table(value, "tool", "poetry")
    listed = project.get("dependencies")
    wanted = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return _text(project, "name") or _text(poetry, "name"), [*_names(wanted), *_keys(poetry, "dependencies")]


def _cargo(text: str) -> tuple[str, list[str]]:
    value = tomllib.loads(text)
    return _text(_toml_table(value, "package"), "name"), _keys(value, "dependencies")


def _requirements(text: str) -> tuple[str, list[str]]:
    return "", list(_names(line for line in text.splitlines() if not line.lstrip().startswith(("#", "-"))))


def _pom(text: str) -> tuple[str, list[str]]:
    """Return the artifact, and `group:artifact` of parent, dependencies and plugins. Entities are refused."""
    stack: list[str] = []
    seen: dict[str, str] = {}
    found: list[str] = []
    name = ""

    def begin(tag: str, _: Any) -> None:
        stack.append(tag)
        if len(stack) > 50:
            raise _BrokenError("it is nested too deeply")

    def text_of(data: str) -> None:
        if stack and stack[-1] in {"groupId", "artifactId"} and len(stack) > 1:
            key = "/".join(stack)
            seen[key] = (seen.get(key, "") + data)[:200]

    def end(tag: str) -> None:
        nonlocal name
        here = "/".join(stack)
        if tag in {"parent", "dependency", "plugin"}:
            group, artifact = (seen.pop(f"{here}/{key}", "").strip() for key in ("groupId", "artifactId"))
            found.append(f"{group}:{artifact}")
        elif here == "project/artifactId":
            name = seen.get(here, "").strip()
        stack.pop()

    def refuse(*_: Any) -> None:
        raise _BrokenError("it declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, text_of
    parser.EntityDeclHandler = refuse
    parser.Parse(text.encode(), True)
    return name, found


def _gradle(text: str) -> tuple[str, list[str]]:
    without = re.sub(r"//[^\n]*", "", text)
    return "", [":".join(each.split(":")[:2]) for each in _GRADLE.findall(without)]


def _gomod(text: str) -> tuple[str, list[str]]:
    module = _MODULE.search(text)
    if not module:
        raise _BrokenError("it names no module")
    return re.sub(r"/v[0-9]+$", "", module[1]).rpartition("/")[2], _REQUIRE.findall(text)


def _gemfile(text: str) -> tuple[str, list[str]]:
    return "", _GEM.findall(text)


def _csproj(text: str) -> tuple[str, list[str]]:
    return "", [*_SDK.findall(text), *_REFERENCE.findall(text)]


def _deno(_: str) -> tuple[str, list[str]]:
    # It may have comments, so nothing but its presence is taken from it.
    return "", []


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _keys(value: dict[str, Any], key: str) -> list[str]:
    found = value.get(key)
    return list(found) if isinstance(found, dict) else []


def _names(lines: Any) -> Iterator[str]:
    for line in lines:
        if found := _REQUIREMENT.match(line):
            yield re.sub(r"[-_.]+", "-", found[1]).lower()


# In the order in which one stands for the application where several are there: package.json is often only for assets.
READERS: dict[str, tuple[str, Callable[[str], tuple[str, list[str]]]]] = {
    "pom.xml": ("java", _pom),
    "build.gradle": ("java", _gradle),
    "build.gradle.kts": ("java", _gradle),
    "pyproject.toml": ("python", _pyproject),
    "requirements.txt": ("python", _requirements),
    "go.mod": ("go", _gomod),
    "Gemfile": ("ruby", _gemfile),
    "composer.json": ("php", _composer),
    "Cargo.toml": ("rust", _cargo),
    "*.csproj": ("dotnet", _csproj),
    "deno.json": ("deno", _deno),
    "package.json": ("node", _package_json),
}


def reader_of(path: str) -> tuple[str, Callable[[str], tuple[str, list[str]]]]:
    """Return the language that a file belongs to, and what reads it."""
    return READERS["*.csproj" if path.endswith(".csproj") else path]
