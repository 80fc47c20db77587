"""Recorded objects and small hand-written ones, put together as scenes."""

import copy
import json
from functools import cache
from pathlib import Path

from atmos_cli.kube.shape import instant
from atmos_cli.verify.seen import ClusterSnapshot, Order, Relation

RECORDED = Path(__file__).parent / "recorded" / "engines"
SAME = Relation(Order.SAME, inputs_equal=True)
OLDER = Relation(Order.OLDER, inputs_equal=False)
OLDER_EQUAL = Relation(Order.OLDER, inputs_equal=True)
NEWER = Relation(Order.NEWER, inputs_equal=False)
NEWER_EQUAL = Relation(Order.NEWER, inputs_equal=True)
DIVERGED = Relation(Order.DIVERGED, inputs_equal=False)


@cache
def _read(name):
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def recorded(name):
    """One recorded object, or a tuple of them when the file is a List; a copy that a test may change."""
    found = copy.deepcopy(_read(name))
    return tuple(found["items"]) if found["kind"] == "List" else found


def names():
    return sorted(path.stem for path in RECORDED.glob("*.json"))


def when(words):
    found = instant({"at": words}, "at")
    assert found, words
    return found


def snapshot(*delivery, at="2026-11-23T05:00:00Z", wanted=(), objects=(), events=()):
    moment = when(at) if isinstance(at, str) else at
    return ClusterSnapshot(moment, tuple(delivery), tuple(wanted), tuple(objects), tuple(events))


def obj(api_version, kind, name, spec=None, status=None, namespace="shop-dev", **metadata):
    found = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}}
    if spec is not None:
        found["spec"] = spec
    if status is not None:
        found["status"] = status
    return found


def cond(kind, status, reason="", message="", since="2026-11-23T04:00:00Z", **more):
    words = status if isinstance(status, str) else str(status)
    return {"type": kind, "status": words, "reason": reason, "message": message, "lastTransitionTime": since, **more}


def owned_by(owner, **more):
    return [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "controller": True,
            **more,
        }
    ]
