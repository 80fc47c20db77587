"""`--checkout DIR` reads what an application is; nothing is run, a word wins, and what cannot be read is one sentence."""

from __future__ import annotations

import os
import time

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.gitops.intent import understand
from atmos_cli.gitops.intent_flags import Flags

CATALOGUE = catalogue()
CONFIG = new_config(InitOptions(), catalogue=CATALOGUE)
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId></parent>
  <artifactId>orders</artifactId>
  <dependencies>
    <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId></dependency>
  </dependencies>
</project>
"""
QUARKUS = POM.replace("org.springframework.boot", "com.acme").replace("org.postgresql", "io.quarkus")
GRADLE = 'plugins {\n  id("org.springframework.boot") version "4.0.0"\n}\n// "io.quarkus:quarkus"\n'
PYPROJECT = '[project]\nname = "carts"\ndependencies = ["Django>=5", "psycopg[binary]"]\n'
POETRY = '[tool.poetry]\nname = "carts"\n[tool.poetry.dependencies]\nfastapi = "*"\n'
GOMOD = "module github.com/acme/stock/v2\n\ngo 1.24\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n\tgithub.com/lib/pq v1.0.0\n)\n"
CSPROJ = '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup><PackageReference Include="Npgsql.X" /></ItemGroup></Project>'


def seen(tmp_path, files, text="", **flags):
    place = tmp_path / "shop"
    place.mkdir(exist_ok=True)
    for name, content in files.items():
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return understand(text, Flags(checkout=place, **flags), config=CONFIG, catalogue=CATALOGUE, teams=("main",))


def rows(understood):
    return {row.field: row for row in understood.rows}


@pytest.mark.parametrize(
    ("files", "language", "framework", "name", "source"),
    [
        ({"package.json": '{"name": "@acme/cart", "dependencies": {"next": "16"}}'}, "node", "nextjs", "cart", "next in package.json"),
        ({"package.json": '{"dependencies": {"express": "5"}}'}, "node", "express", "shop", "express in package.json"),
        ({"package.json": '{"dependencies": {"express": "5", "@nestjs/core": "11"}}'}, "node", "nestjs", "shop", "@nestjs/core in"),
        ({"pom.xml": POM}, "java", "spring", "orders", "org.springframework.boot:spring-boot-starter-parent in pom.xml"),
        ({"pom.xml": QUARKUS}, "java", "quarkus", "orders", "io.quarkus:postgresql in pom.xml"),
        ({"build.gradle.kts": GRADLE}, "java", "spring", "shop", "org.springframework.boot in build.gradle.kts"),
        ({"build.gradle": GRADLE.replace('"', "'")}, "java", "spring", "shop", "org.springframework.boot in build.gradle"),
        ({"pyproject.toml": PYPROJECT}, "python", "django", "carts", "django in pyproject.toml"),
        ({"pyproject.toml": POETRY}, "python", "fastapi", "carts", "fastapi in pyproject.toml"),
        ({"requirements.txt": "# x\n-r more.txt\nFlask==3.1\n"}, "python", "flask", "shop", "flask in requirements.txt"),
        ({"go.mod": GOMOD}, "go", "gin", "stock", "github.com/gin-gonic/gin in go.mod"),
        ({"Gemfile": 'source "https://rubygems.org"\ngem "rails", "~> 8"\n'}, "ruby", "rails", "shop", "rails in Gemfile"),
        ({"composer.json": '{"name": "acme/web", "require": {"laravel/framework": "^12"}}'}, "php", "laravel", "web", "laravel/framework in"),
        ({"Shop.csproj": CSPROJ}, "dotnet", "aspnet", "shop", "Microsoft.NET.Sdk.Web in Shop.csproj"),
        ({"Cargo.toml": '[package]\nname = "rates"\n[dependencies]\naxum = "0.8"\n'}, "rust", "axum", "rates", "axum in Cargo.toml"),
        ({"deno.json": "{ /* x */ }"}, "deno", None, "shop", ""),
        ({"Gemfile": 'gem "rails"', "package.json": '{"devDependencies": {"vite": "8"}}'}, "ruby", "rails", "shop", "rails in Gemfile"),
        ({"Dockerfile": "FROM php:8.3-apache\n"}, "php", "php-apache", "shop", "php-apache in FROM"),
        ({"Dockerfile": "FROM docker.io/nginxinc/nginx-unprivileged:1.29\n"}, "static", "nginx", "shop", "nginx in FROM"),
        ({"Containerfile": "FROM golang:1.26 AS b\nFROM scratch\nEXPOSE 9\n"}, "other", None, "shop", ""),
        ({"Dockerfile": "FROM rust", "Cargo.toml": "[package]\nname='a1'", "pom.xml": POM}, "rust", None, "a1", ""),
    ],
)  # fmt: skip
def test_a_file_says_what_it_is(tmp_path, files, language, framework, name, source):
    found = seen(tmp_path, files)
    assert (found.spec.language, found.spec.framework, found.spec.name) == (language, framework, name)
    assert rows(found)["language"].source.startswith("checkout: ")
    if source:
        assert source in rows(found)["framework"].source


def test_a_dockerfile_says_port_user_and_health(tmp_path):
    text = (
        "# syntax=docker/dockerfile:1\nFROM node:22 AS build\nEXPOSE 9999\nRUN curl http://localhost:1/x\n"
        "FROM node:22-slim\nEXPOSE \\\n  3000/tcp\nUSER nobody:nogroup\n"
        'HEALTHCHECK CMD curl -f http://127.0.0.1:3000/up || exit 1\nCMD ["node", "server.js", "--port=4000"]\n'
    )
    found = seen(tmp_path, {"Dockerfile": text, "package.json": "{}"})
    assert (found.spec.port.service, found.spec.port.container) == (80, 3000)
    assert found.spec.probes.liveness.path == "/up"
    shown = rows(found)
    assert shown["port"].source == "checkout: EXPOSE in Dockerfile"
    assert shown["port"].note == "the command in Dockerfile says 4000"
    assert (shown["user"].value, shown["user"].source) == ("1000", "checkout: USER nobody in Dockerfile")


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ('["uvicorn", "a:b", "--host", "0.0.0.0", "--port", "5000"]', 5000),
        ("gunicorn -b 0.0.0.0:7000 a:b", 7000),
        ("streamlit run a.py --server.port=8502", 8502),
        ("node server.js", 8080),
        ('["broken', 8080),
    ],
)
def test_a_command_says_the_port_where_nothing_is_exposed(tmp_path, command, port):
    found = seen(tmp_path, {"Dockerfile": f"FROM python\nCMD {command}\n"})
    assert found.spec.port.container == port


def test_a_word_and_a_flag_win_and_what_contradicts_is_said(tmp_path):
    files = {"package.json": '{"dependencies": {"next": "16", "pg": "8"}}', "Dockerfile": "FROM node\nEXPOSE 3000\n"}
    shown = rows(seen(tmp_path, files, "express, port 80, called mine"))
    assert (shown["name"].value, shown["framework"].value, shown["port"].value) == ("mine", "express", "80")
    assert "the checkout says nextjs (next in package.json)" in shown["framework"].note
    assert "the checkout says 3000 (EXPOSE in Dockerfile)" in shown["port"].note
    shown = rows(seen(tmp_path, files, "python", port="9000"))
    assert "the checkout says node (package.json)" in shown["language"].note
    assert shown["port"].source == "flag --port"


def test_a_driver_is_said_and_nothing_is_added(tmp_path):
    files = {"pyproject.toml": PYPROJECT}
    found = seen(tmp_path, files)
    assert not found.spec.addons
    assert rows(found)["postgres"].source == "checkout: psycopg in pyproject.toml"
    assert "--with postgres" in rows(found)["postgres"].note
    assert rows(seen(tmp_path, files, "postgres"))["postgres"].value == "yes"
    assert rows(seen(tmp_path, files, "without postgres"))["postgres"].source == "your words: without postgres"


def test_several_languages_are_asked_about(tmp_path):
    with pytest.raises(AtmosError) as raised:
        seen(tmp_path, {"pom.xml": POM, "go.mod": GOMOD})
    (found,) = raised.value.diagnostics
    assert (found.code, "pom.xml (java), go.mod (go)" in found.message) == (Code.INTENT_CONTRADICTION, True)
    assert seen(tmp_path, {}, "go").spec.framework == "gin"


DEEP = "[" * 200_000
BOMB = '<!DOCTYPE p [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><project><artifactId>&b;</artifactId></project>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("package.json", "{", "cannot be read"),
        ("package.json", "[]", "it is no mapping"),
        ("package.json", f'{{"a": {DEEP}', "cannot be read"),
        ("package.json", b"\xff\xfe{}", "is not text in UTF-8"),
        ("package.json", b"{}" + b" " * 1_100_000, "is larger than 1024 KiB"),
        ("pom.xml", "<project>", "cannot be read"),
        ("pom.xml", BOMB, "it declares entities"),
        ("pom.xml", "<a>" * 100_000, "nested too deeply"),
        ("pyproject.toml", "a = ", "cannot be read"),
        ("Cargo.toml", f"a = {DEEP}", "cannot be read"),
        ("go.mod", "go 1.24", "names no module"),
        ("Dockerfile", "RUN x", "has no FROM"),
        ("Dockerfile", b"\xff", "is not text"),
    ],
)
def test_a_file_that_is_broken_or_hostile_is_one_sentence(tmp_path, name, content, said):
    with pytest.raises(AtmosError) as raised:
        seen(tmp_path, {name: content})
    (found,) = raised.value.diagnostics
    assert found.code is Code.CHECKOUT_UNREADABLE
    assert found.message.startswith(f"`{name}` of the checkout ")
    assert said in found.message
    assert "\n" not in found.message
    assert len(found.message) < 250


def test_all_that_cannot_be_read_comes_together(tmp_path):
    with pytest.raises(AtmosError) as raised:
        seen(tmp_path, {"package.json": "{", "go.mod": ""})
    assert len(raised.value.diagnostics) == 2


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "loop"])
def test_only_files_are_read(tmp_path, kind):
    place = tmp_path / "shop"
    place.mkdir()
    target = place / "package.json"
    if kind == "link":
        (tmp_path / "secret").write_text("{}")
        target.symlink_to(tmp_path / "secret")
    elif kind == "loop":
        target.symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    with pytest.raises(AtmosError) as raised:
        seen(tmp_path, {})
    (found,) = raised.value.diagnostics
    assert ("symbolic link" in found.message) == (kind in {"link", "loop"})


@pytest.mark.parametrize("name", ["not-there", "a-file"])
def test_a_directory_is_wanted(tmp_path, name):
    (tmp_path / "a-file").write_text("")
    with pytest.raises(AtmosError) as raised:
        understand("", Flags(checkout=tmp_path / name), config=CONFIG, catalogue=CATALOGUE, teams=("main",))
    assert "there is no directory" in raised.value.diagnostics[0].message


def test_a_directory_that_says_nothing_is_told_what_is_looked_for(tmp_path):
    with pytest.raises(AtmosError) as raised:
        seen(tmp_path, {"main.c": "int main"})
    assert "pom.xml" in raised.value.diagnostics[0].hint


def test_names_of_another_kind_are_not_taken(tmp_path):
    found = seen(
        tmp_path, {"package.json": '{"name": "../../etc", "dependencies": {"\\u001b[31m": "1", "__proto__": "x"}}'}
    )
    assert found.spec.name == "shop"
    assert found.spec.framework is None


def test_large_files_take_no_time(tmp_path):
    lines = "require example.com/" + "a" * 900_000
    start = time.monotonic()
    seen(
        tmp_path, {"go.mod": f"module a\n{lines}\n", "Gemfile": "gem '" * 150_000, "build.gradle": '"' * 900_000}, "go"
    )
    seen(tmp_path, {"Dockerfile": "FROM a\nCMD " + "--port " * 100_000 + "http://localhost" * 10_000}, "go")
    assert time.monotonic() - start < 5
