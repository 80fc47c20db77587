"""A server with Prometheus' HTTP API: Prometheus, Thanos, Mimir, VictoriaMetrics, each with its path in the URL."""

from __future__ import annotations

import base64
import math
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from atmos_cli.adapters.deadline import Deadline
from atmos_cli.adapters.http import (
    RETRIED,
    UnusableError,
    bare_credential,
    body,
    client,
    fits_a_header,
    in_clear,
    parsed,
    said,
    wait_before,
    why,
)
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.ports import Answer, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

SECONDS = 30.0  # for one answer, whole
QUESTION_SECONDS = 45.0  # for one question, however often it is asked
ATTEMPTS = 3
MAX_BYTES = 32 * 1024 * 1024
MAX_WARNINGS = 20
SERVER = "a Prometheus"


class PrometheusClient:
    """`ports.Metrics` over HTTP. `secret` is a bearer token or `user:password`. Close it, or use it in a `with`.

    A sample that is not a number is NaN; native histograms are left out. Raises ATM812 for a URL or a secret that
    cannot be used, ATM818 for a secret that would go over plain http.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str = "",
        tenant: str = "",
        pause: Callable[[float], None] = time.sleep,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = _headers(secret, tenant)
        if (secret or _has_user(url)) and in_clear(url):
            hint = "use its https address, or forward its port to this machine (`kubectl port-forward`)"
            raise bare_credential(said(url), hint=hint)
        if not all(fits_a_header(value) for value in self._headers.values()):
            raise self._no("the token or the tenant holds characters that no HTTP header may hold")
        self._pause = pause
        self._inner = inner
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            open_one, self._client = self._client, None
        if open_one is not None:
            open_one.close()

    def query(self, promql: str, *, at: float) -> Answer:
        return self._ask("query", {"query": promql, "time": f"{at:.3f}"})

    def query_range(self, promql: str, *, start: float, end: float, step: float) -> Answer:
        form = {"query": promql, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return self._ask("query_range", form)

    def _ask(self, what: str, form: Mapping[str, str]) -> Answer:
        import httpx

        question = Deadline(QUESTION_SECONDS)
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            response = None
            try:
                own = {"timeout": question.within(SECONDS).timeouts()}
                url = f"{self._url}/api/v1/{what}"
                with self._connected().stream("POST", url, data=form, extensions=own) as response:
                    data = body(response, limit=MAX_BYTES)
                if response.status_code not in RETRIED or last or not question.left():
                    return self._read(response.status_code, data)
            except (
                UnusableError,
                ValueError,
                httpx.InvalidURL,
                httpx.DecodingError,
                httpx.UnsupportedProtocol,
            ) as error:
                raise self._no(why(error)) from None
            except httpx.TransportError as error:
                if last or not question.left() or (attempt and isinstance(error, httpx.TimeoutException)):
                    raise self._no(why(error)) from None
            self._pause(min(wait_before(response, attempt), question.left()))
        raise AssertionError  # the last attempt returns or raises

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                headers = {"Accept": "application/json", **self._headers}
                self._client = client(self._url, headers=headers, inner=self._inner)
            return self._client

    def _read(self, status: int, data: bytes) -> Answer:
        """Read an answer; Prometheus says why it refuses in the same JSON, whatever the status."""
        if status in (401, 403):
            hint = "`tokenEnv` in atmos-cli.yaml names the environment variable that holds a token or `user:password`"
            raise self._no(f"it does not let you ask ({status})", hint=hint)
        try:
            found = parsed(data, server=SERVER)
            if found.get("status") == "error":
                kind, text = said(str(found.get("errorType", ""))), said(str(found.get("error", "")))
                raise self._no(f"it refuses the query ({kind}): {text}", hint="")
            if status != 200 or found.get("status") != "success":
                raise UnusableError(f"it does not answer as {SERVER} does")  # noqa: TRY301 - one message for both
            return _answer(found)
        except UnusableError as error:
            clause = str(error) if status == 200 else f"{error} (status {status})"
            raise self._no(clause) from None

    def _no(self, clause: str, *, hint: str | None = None) -> AtmosError:
        usual = (
            "give the URL under which it has `/api/v1/query`, with the path that Thanos, Mimir or a proxy puts before"
        )
        message = f"{said(self._url)} cannot be asked: {clause}"
        return fail(Code.METRICS_UNREACHABLE, message, hint=usual if hint is None else hint)


def _has_user(url: str) -> bool:
    """Return whether the URL itself holds a login, which httpx sends as a header."""
    return "@" in url.partition("://")[2].partition("/")[0]


def _headers(secret: str, tenant: str) -> dict[str, str]:
    found = {"X-Scope-OrgID": tenant} if tenant else {}
    if ":" in secret:
        found["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    elif secret:
        found["Authorization"] = f"Bearer {secret}"
    return found


def _answer(found: dict[str, Any]) -> Answer:
    data, warnings = found.get("data"), found.get("warnings")
    result = data.get("result") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(result, list):
        raise UnusableError(f"it does not answer as {SERVER} does")
    texts = [said(text) for text in warnings if isinstance(text, str)] if isinstance(warnings, list) else []
    # Older servers put remarks about the query among the warnings about its data.
    kept = tuple(text for text in texts if text and not text.startswith("PromQL info:"))[:MAX_WARNINGS]
    if data.get("resultType") == "scalar":
        return Answer((Series({}, (_sample(result),)),), kept)
    return Answer(tuple(_series(result)), kept)


def _series(result: list[Any]) -> Iterator[Series]:
    for item in result:
        labels = item.get("metric") if isinstance(item, dict) else None
        if not isinstance(labels, dict):
            raise UnusableError(f"it does not answer as {SERVER} does")
        values = item.get("values", [item["value"]] if "value" in item else [])
        if not isinstance(values, list):
            raise UnusableError(f"it does not answer as {SERVER} does")
        samples = tuple(sorted((_sample(value) for value in values), key=lambda sample: sample[0]))
        if samples:
            yield Series({str(key): str(value) for key, value in labels.items()}, samples)


def _sample(pair: Any) -> tuple[float, float]:
    """Read `[1700000000.5, "0.25"]`; the text may be `NaN`, `+Inf` or `-Inf`."""
    try:
        at, value = pair
        when, number = float(at), float(value)
    except (TypeError, ValueError, OverflowError):
        when = number = math.nan
    if not math.isfinite(when) or not isinstance(value, str):
        raise UnusableError(f"it does not answer as {SERVER} does")
    return when, number
