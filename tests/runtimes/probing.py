"""Asks a container as a kubelet does: its generated probes, with their periods, time-outs and headers."""

from __future__ import annotations

import http.client
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def answers(probe: Mapping[str, Any], address: str, port: int) -> bool:
    """Return whether one probe succeeds now. A redirect to another scheme would be followed, and fail on plain HTTP."""
    try:
        if "tcpSocket" in probe:
            with socket.create_connection((address, port), timeout=probe["timeoutSeconds"]):
                return True
        asked = probe["httpGet"]
        headers = {each["name"]: each["value"] for each in asked.get("httpHeaders", ())}
        return 200 <= status(address, port, asked["path"], headers, timeout=probe["timeoutSeconds"])[0] < 300
    except (OSError, http.client.HTTPException):
        return False


def status(address: str, port: int, path: str, headers: Mapping[str, str], *, timeout: float) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request(
            "GET", path, headers={"Host": f"{address}:{port}", "User-Agent": "kube-probe/1.34", **headers}
        )
        found = connection.getresponse()
        return found.status, found.read().decode(errors="replace")
    finally:
        connection.close()


def started(probe: Mapping[str, Any], address: str, port: int, *, alive: Callable[[], bool]) -> float | None:
    """Return the seconds until the startup probe succeeds; None where the kubelet would end the container before.

    It is asked more often than a kubelet does, for the figure.
    """
    start = time.monotonic()
    while time.monotonic() - start < probe["failureThreshold"] * probe["periodSeconds"]:
        if not alive():
            return None
        if answers(probe, address, port):
            return time.monotonic() - start
        time.sleep(0.1)
    return None
