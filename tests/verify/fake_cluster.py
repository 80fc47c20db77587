"""A `ports.ClusterApi` over a list of objects, which counts what it is asked."""

import copy
from collections import Counter

from atmos_cli.diagnostics import Code, fail


class FakeCluster:
    """`objects` may be changed between two questions. With a `reason`, every question fails as an unreachable server.

    `refused`: kinds that may not be listed in all namespaces at once, as for a developer without cluster-wide rights;
    `forbidden`: kinds that may not be listed at all.
    """

    def __init__(self, objects=(), *, reason="", refused=()):
        self.objects = [copy.deepcopy(each) for each in objects]
        self.reason = reason
        self.refused = set(refused)
        self.forbidden = set()
        self.asked = Counter()
        self.annotated = []
        self.written = {}

    def get(self, api_version, kind, name, *, namespace=""):
        self._reach("get", kind)
        return next((each for each in self._of(api_version, kind, namespace) if _meta(each, "name") == name), None)

    def list(self, api_version, kind, *, namespace="", selector=""):
        self._reach("list", kind)
        if kind in self.forbidden or (not namespace and kind in self.refused):
            message = f"cluster `fake` does not let you list {kind.lower()}s: forbidden"
            raise fail(Code.CLUSTER_UNREACHABLE, message, hint="ask for the right to")
        wanted = dict(part.split("=") for part in selector.split(",") if part)
        found = [
            each
            for each in self._of(api_version, kind, namespace)
            if wanted.items() <= (each["metadata"].get("labels") or {}).items()
        ]
        return tuple(sorted(found, key=lambda each: (_meta(each, "namespace"), _meta(each, "name"))))

    def logs(self, pod, container, *, namespace, previous, lines):
        self._reach("logs", "Pod")
        return tuple(self.written.get((namespace, pod, container, previous), ()))[-lines:]

    def annotate(self, api_version, kind, name, *, namespace, annotations, manager="atmos-cli"):
        self._reach("annotate", kind)
        self.annotated.append((kind, namespace, name, dict(annotations)))

    def put(self, *objects):
        """Adds objects, in the place of those with the same identity."""
        for new in objects:
            key = _key(new)
            self.objects = [each for each in self.objects if _key(each) != key]
            self.objects.append(copy.deepcopy(new))

    def remove(self, kind, name):
        self.objects = [each for each in self.objects if (each["kind"], _meta(each, "name")) != (kind, name)]

    def _reach(self, verb, kind):
        self.asked[verb, kind] += 1
        if self.reason:
            raise fail(Code.CLUSTER_UNREACHABLE, f"cluster `fake` cannot be asked: {self.reason}", hint="is it on?")

    def _of(self, api_version, kind, namespace):
        for each in self.objects:
            same = (each["apiVersion"], each["kind"]) == (api_version, kind)
            if same and namespace in ("", _meta(each, "namespace")):
                yield copy.deepcopy(each)


def _meta(resource, name):
    return (resource.get("metadata") or {}).get(name) or ""


def _key(resource):
    return resource["apiVersion"], resource["kind"], _meta(resource, "namespace"), _meta(resource, "name")
