"""The syntax of names, labels, annotations and ports: each function says what is wrong, or "" when nothing is.

Rules as apimachinery has them (reference/validation.md §4.1-4.3). The sentence continues `"<value>" ...`.
"""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\Z")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+\Z")

_QUALIFIED_RULE = "may hold only letters, digits, '-', '_' and '.', and must start and end with a letter or digit"
_DNS = "may hold only lower-case letters, digits and '-', and must start and end with a letter or digit"


def dns_label(value: str) -> str:
    """Check an RFC 1123 label, at most 63 characters: namespaces, StatefulSets, containers, volumes."""
    if too_long := _too_long(value, 63):
        return too_long
    if _LABEL.match(value):
        return ""
    return "must not hold dots" if _SUBDOMAIN.match(value) else _DNS


def dns_subdomain(value: str) -> str:
    """Check an RFC 1123 subdomain, at most 253 characters: most objects."""
    if too_long := _too_long(value, 253):
        return too_long
    ok = (
        "may hold only lower-case letters, digits, '-' and '.', and each part must start and end with a letter or digit"
    )
    return "" if _SUBDOMAIN.match(value) else ok


def dns_1035_label(value: str) -> str:
    """Check an RFC 1035 label, at most 63 characters: Services."""
    if too_long := _too_long(value, 63):
        return too_long
    ok = "may hold only lower-case letters, digits and '-', must start with a letter and end with a letter or digit"
    return "" if _LABEL_1035.match(value) else ok


def path_segment(value: str) -> str:
    """Check a name that can be part of a URL path: Roles, ClusterRoles and their bindings."""
    if value in (".", ".."):
        return f"may not be '{value}'"
    bad = next((char for char in "/%" if char in value), "")
    return f"may not contain '{bad}'" if bad else ""


def label_key(value: str) -> str:
    """Check an optional DNS prefix and `/`, then at most 63 characters; annotation keys too (in lower case)."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        return "may hold one '/' only"
    if slash and not prefix:
        return "must have a prefix before '/'"
    if prefix and (problem := dns_subdomain(prefix)):
        return f"has a prefix that {problem}"
    if not name:
        return "must have a name" + (" after '/'" if slash else "")
    if len(name) > 63:
        return f"must have a name of at most 63 characters, not {len(name)}"
    return "" if _QUALIFIED.match(name) else _QUALIFIED_RULE


def label_value(value: str) -> str:
    """Check a label value: empty, or at most 63 letters, digits, '-', '_' and '.'."""
    if too_long := _too_long(value, 63):
        return too_long
    return "" if not value or _QUALIFIED.match(value) else _QUALIFIED_RULE


def port_name(value: str) -> str:
    """Check an IANA service name, at most 15 characters: container ports, and ports of probes and Services."""
    if too_long := _too_long(value, 15):
        return too_long
    if not re.fullmatch(r"[a-z0-9-]+", value):
        return "may hold only lower-case letters, digits and '-'"
    if not re.search(r"[a-z]", value):
        return "must hold at least one letter"
    if "--" in value:
        return "must not hold '--'"
    return "must not begin or end with '-'" if value[0] == "-" or value[-1] == "-" else ""


def config_key(value: str) -> str:
    """Check a key of a ConfigMap or Secret, at most 253 characters."""
    if too_long := _too_long(value, 253):
        return too_long
    if value in (".", "..") or value.startswith(".."):
        return "must not be '.' and must not start with '..'"
    return "" if _CONFIG_KEY.match(value) else "may hold only letters, digits, '-', '_' and '.'"


def object_name(group: str, kind: str, value: str) -> str:
    """Check `metadata.name` by the rule of the kind; every kind that is not listed takes a DNS subdomain."""
    if group == "rbac.authorization.k8s.io":
        return path_segment(value)
    if (group, kind) == ("", "Service"):
        return dns_1035_label(value)
    if (group, kind) in (("", "Namespace"), ("apps", "StatefulSet")):
        return dns_label(value)
    if (group, kind) == ("batch", "CronJob") and len(value) > 52:
        return f"must be no more than 52 characters, not {len(value)}: a CronJob adds 11 to name its Jobs"
    return dns_subdomain(value)


def _too_long(value: str, limit: int) -> str:
    return f"must be no more than {limit} characters, not {len(value)}" if len(value) > limit else ""
