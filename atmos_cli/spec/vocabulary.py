"""The closed list of words that an intent is made of. A word that is not here is never guessed, it is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["language", "type", "addon", "without", "size", "unknown_language", "elsewhere"]

RANGE_LINKS = frozenset({"-", "–", "—", "..", "...", "…", "to"})  # noqa: RUF001 - the dashes that people type
ARROWS = frozenset({"->", "=>", "→"})
REPLICA_NOUNS = frozenset({"replica", "replicas", "pod", "pods", "instance", "instances", "copy", "copies"})
NUMBER_WORDS = {"single": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
NAME_WORDS = frozenset({"named", "called", "name"})
HOST_WORDS = frozenset({"host", "hosts", "hostname", "domain", "domains", "url"})
NEGATIONS = frozenset({"no", "without", "not", "w/o", "non", "minus"})
ARTICLES = frozenset({"a", "an", "any", "the", "is", "its"})
# `key:value` is split for these only: in `ghcr.io/acme/shop:1.2` and `80:3000` the colon means something else.
COLON_KEYS = frozenset(
    {"port", "ports", "type", "lang", "language", "image", "size", "replicas", "min", "max", "scale", "scaling"}
    | {"autoscaling", "addon", "addons", "database", "db", "cache", *NAME_WORDS, *HOST_WORDS}
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`strict` words decide; others (`service`, `typescript`) only when no strict word of their kind is there."""

    kind: Kind
    value: str
    note: str = ""
    strict: bool = True


_LANGUAGES = {
    "node": "node, node js, nodejs, node.js, express, expressjs, express.js, nestjs, nest.js, nextjs, next.js, nuxt,"
    " nuxtjs, nuxt.js, koa, fastify, sveltekit",
    "python": "python, py, django, flask, fastapi, fast api, starlette, tornado, aiohttp, streamlit, uvicorn, gunicorn",
    "java": "java, jvm, jdk, jre, openjdk, kotlin, scala, groovy, clojure, spring, spring boot, springboot, quarkus,"
    " micronaut, ktor, tomcat",
    "go": "go, golang, gin",
    "ruby": "ruby, rb, rails, ruby on rails, ror, sinatra, puma",
    "php": "php, laravel, symfony, slim php",
    "dotnet": "dotnet, .net, dot net, .net core, dotnet core, c#, csharp, c sharp, f#, fsharp, asp.net, aspnet,"
    " asp.net core, aspnet core, kestrel",
    "rust": "rust, actix, actix web, axum",
    "static": "static, static site, static website, static files, static web site, static page, static pages, html,"
    " nginx",
}
_FRONTENDS = (
    "react, reactjs, react.js, vue, vuejs, vue.js, angular, svelte, vite, spa, single page app,"
    " single page application, gatsby, hugo, jekyll, eleventy, docusaurus, mkdocs"
)
_SCRIPTS = "js, ts, javascript, typescript"
_UNKNOWN_LANGUAGES = (
    "elixir, phoenix, erlang, haskell, ocaml, perl, c++, cpp, swift, dart, deno, bun, zig, nim, crystal, lua, julia"
)

_TYPES = {
    "web": "web, web app, web application, web api, web service, web server, web site, webapp, website, webservice,"
    " webserver, site, frontend, front end, api, apis, rest, rest api, graphql, graphql api, http api, http service,"
    " http server, http backend, json api",
    "worker": "worker, workers, background worker, queue worker, consumer, queue consumer, kafka consumer,"
    " background process, daemon",
    "cron": "cron, cronjob, cron job, scheduled job, scheduled task, scheduled, periodic job, nightly job, nightly,"
    " hourly, daily, weekly, monthly",
    "job": "job, batch, batch job, one off job, one shot job, one time job, background job, task",
}
_ANY_TYPE = "service, app, application, backend, back end, microservice, micro service, server, program, workload"

_ADDONS = {
    "postgres": "postgres, postgresql, postgre, pg, psql, cnpg, cloudnativepg, sql database, sql db, sql,"
    " relational database, rdbms, database, db",
    "redis": "redis, valkey, cache, caching, key value store",
    "http": "http, https, tls, ssl, ingress, httproute, gateway api, public, publicly, publicly accessible,"
    " publicly available, publicly reachable, public access, public internet, public url, public endpoint, external,"
    " externally, exposed to the internet, exposed to internet, exposed publicly, exposed externally,"
    " open to the internet, internet facing, facing the internet, reachable from the internet,"
    " reachable from internet, reachable from outside, reachable from the outside, available on the internet,"
    " accessible from the internet, custom domain",
    "autoscaling": "autoscaling, autoscale, autoscales, autoscaled, autoscaler, auto scaling, auto scale, auto scaled,"
    " auto scales, hpa, horizontal pod autoscaler, scaling, scale, scales, scaled",
    "metrics": "metrics, metric, /metrics, prometheus, prometheus metrics, monitoring, monitored, service monitor,"
    " servicemonitor",
    "egress": "egress, outbound, outbound access, outbound https, external calls",
    "mysql": "mysql, my sql, mariadb",
    "mongodb": "mongodb, mongo, mongo db",
    "kafka": "kafka, redpanda, event stream",
    "rabbitmq": "rabbitmq, rabbit mq, rabbit, amqp, queue, queues, message queue, message broker, job queue,"
    " task queue",
    "bucket": "bucket, s3, s3 bucket, object storage, object store, blob storage, blob store, minio, gcs",
    "elasticsearch": "elasticsearch, elastic search, opensearch",
    "memcached": "memcached, memcache",
    "sqlserver": "sql server, sqlserver, mssql",
    "nats": "nats",
    "cassandra": "cassandra",
    "clickhouse": "clickhouse",
    "neo4j": "neo4j",
    "oracle": "oracle, oracle db, oracle database",
    "dynamodb": "dynamodb",
    "sqlite": "sqlite",
    "tracing": "tracing, opentelemetry, otel",
    "logging": "logging",
    "grpc": "grpc",
    "udp": "udp",
}
# After one of these stores, `database` says nothing new: `redis database` must not become postgres as well.
_STORES = (
    "postgres, postgresql, pg, redis, valkey, mysql, mariadb, mongo, mongodb, elasticsearch, cassandra, clickhouse"
)
_STORE_NOUNS = ("database", "db", "cache", "instance", "server", "store", "backend")
# Add-ons that are a property of the service; all others are a thing beside it, with a version, a name and a port.
ABOUT_THE_SERVICE = frozenset({"http", "autoscaling", "metrics", "egress", "tracing", "logging"})
_ADDON_NOTES = {
    "http": "reachable from outside the cluster, through the environment's ingress or gateway",
    "valkey": "`valkey` means redis: the same protocol, and the image the blueprint names",
    "tls": "`tls` means http: the certificate is the environment's",
    "ssl": "`ssl` means http: the certificate is the environment's",
    "https": "`https` means http: the certificate is the environment's",
}
_WITHOUT_HTTP = (
    "internal, internally, private, privately, internal only, cluster internal, cluster only, not public, non public"
)

_SIZES = {
    "xs": "xs, tiny, extra small",
    "s": "small, small sized",
    "m": "medium, medium sized",
    "l": "large, large sized, big",
    "xl": "xl, extra large, huge",
}
SIZE_VALUES = {**{size: size for size in _SIZES}, **{w.strip(): s for s, ws in _SIZES.items() for w in ws.split(",")}}

# Said elsewhere: the phrase in front completes `… belongs …`.
_ELSEWHERE = {
    "under `volumes` in service.yaml": "volume, volumes, disk, storage, persistent volume, pvc, persistence",
    "under `env` in service.yaml": "env, env var, env vars, environment variable, environment variables, variables",
    "under `secrets` in service.yaml": "secret, secrets, password, api key, token",
    "under `size` in service.yaml, as `cpu` and `memory`": "cpu, cpus, vcpu, core, cores, memory, ram, mem",
    "under `probes` in service.yaml": "probe, probes, health, health check, healthcheck, healthz, /healthz, /health",
    "under `dependencies` in service.yaml": "depends on, dependency, dependencies, calls",
    "under `environments` in service.yaml": "dev, development, staging, stage, prod, production, test, environment",
    "in `--team`": "team",
    "in the environment's cluster, in atmos-cli.yaml": "cluster, namespace, region",
}

_FILLERS = (
    "a, an, the, and, but, also, plus, with, on, at, in, to, of, for, from, by, as, via, over, through, behind,"
    " inside, under, is, are, be, it, its, it's, i, i'd, we, me, us, my, our, your, you, that, this, which, will,"
    " would, should, must, can, want, wants, like, need, needs, needed, needing, use, uses, used, using,"
    " utilizing, has, have, having, get, gets, include, includes, including, add, adding, give, create, make,"
    " build, deploy, please, thanks, hello, hi, new, some, simple, basic, just, only, written, built, based,"
    " powered, backed, made, running, runs, run, ships, exposed, exposes, expose, exposing, listening, listens,"
    " listen, serving, serves, serve, bound, binding, reachable, accessible, available, accepting, connected,"
    " connects, connecting, connect, talks, talking, type, language, lang, runtime, framework, stack, addon,"
    " addons, add on, add ons, container, docker, kubernetes, k8s, tcp, number, sized, version, requests, traffic,"
    " deployment, so, then, -, –, —"  # noqa: RUF001 - dashes that people type
)


def normal(word: str) -> str:
    """Lower case, dashes inside as spaces: `Web-App` is `web app`."""
    lowered = word.lower().replace("’", "'")  # noqa: RUF001 - what phones and word processors make of an apostrophe
    return lowered.replace("-", " ") if any(c.isalnum() for c in lowered) else lowered


def _split(words: str) -> tuple[str, ...]:
    return tuple(normal(word.strip()) for word in words.split(","))


def _meanings() -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for language, words in _LANGUAGES.items():
        found |= {word: Meaning("language", language, _means(word, language)) for word in _split(words)}
    for word in _split(_FRONTENDS):
        note = f"`{word}` means static: files built beforehand, served as they are; to render on the server say node"
        found[word] = Meaning("language", "static", note)
    found |= {word: Meaning("language", "node", _means(word, "node"), strict=False) for word in _split(_SCRIPTS)}
    for kind, words in _TYPES.items():
        found |= {word: Meaning("type", kind, _means(word, kind)) for word in _split(words)}
    found |= {word: Meaning("type", "web", _means(word, "web"), strict=False) for word in _split(_ANY_TYPE)}
    for addon, words in _ADDONS.items():
        for word in _split(words):
            found[word] = Meaning("addon", addon, _ADDON_NOTES.get(word, _means(word, addon)))
    for store in _split(_STORES):
        found |= {f"{store} {noun}": found[store] for noun in _STORE_NOUNS}
    found |= {word: Meaning("without", "http", f"`{word}` means no http") for word in _split(_WITHOUT_HTTP)}
    for size, words in _SIZES.items():
        found |= {word: Meaning("size", size, _means(word, size)) for word in _split(words)}
    found |= {word: Meaning("unknown_language", word) for word in _split(_UNKNOWN_LANGUAGES)}
    for place, words in _ELSEWHERE.items():
        found |= {word: Meaning("elsewhere", place) for word in _split(words)}
    return found


def _means(word: str, value: str) -> str:
    return "" if word == value else f"`{word}` means {value}"


MEANINGS = _meanings()
LANGUAGES = tuple(_LANGUAGES)
FILLERS = frozenset(_split(_FILLERS))
LONGEST_PHRASE = max(len(phrase.split()) for phrase in MEANINGS)
KEYWORDS = frozenset(
    {"port", "ports", "size", "image", "min", "max", "between", "without"} | NAME_WORDS | HOST_WORDS | REPLICA_NOUNS
)
