"""What an API needs so that Freshet may cache it: tags on its responses, and purges that follow the commit. Standard library only, and for
any framework: responses need `headers`, connections `commit` and `rollback`. docs/flask.md walks through it.

    tag("product:42", version=17)                # anywhere while the answer is made: what it is made of
    with purges.transaction(connection):         # commits, then purges, then goes on; or rolls back and purges nothing
        purges.purge_after_commit("product:42")
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic, sleep
from urllib.parse import urlsplit

# What Freshet takes: tags.max_count and tags.max_bytes of a response; of one PURGE, whose head is bounded, half of that.
MAX_TAGS, MAX_BYTES = 256, 16 * 1024
TAG = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,1024}")
PAUSE_SECONDS = 0.1
_tags = ContextVar("freshet_tags", default=None)


class PurgeFailed(Exception):
    """The data is written, and these nodes did not confirm its purge: they may serve what is older. Sending it again is safe."""

    def __init__(self, failures, tags):
        super().__init__("; ".join(f"{node}: {why}" for node, why in failures.items()))
        self.failures, self.tags = failures, tags


def checked(name):
    if not isinstance(name, str) or TAG.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no tag: 1 to 1024 visible ASCII characters without a comma")
    return name


def tag(*names, on=None, version=None):
    """Says what a response is made of: the one under way, or `on`. `version`: of the data behind these tags, the lowest of several."""
    held = _tags.get() if on is None else vars(on).setdefault("freshet_tags", {})
    if held is None:
        raise RuntimeError("no request is under way: watch(app, purges) begins them, or use tag(…, on=response)")
    for name in names:
        held[checked(name)] = min((v for v in (held.get(name), version) if v is not None), default=None)
    if on is not None:
        label(on, held)


def label(response, tags):
    """Writes the fields. With more tags than Freshet takes a response could not be purged by all of them: then nobody may store it."""
    fields = {"Surrogate-Key": " ".join(tags), "Surrogate-Version": ", ".join(f"{name}={v}" for name, v in tags.items() if v is not None)}
    if len(tags) > MAX_TAGS or max(map(len, fields.values())) > MAX_BYTES:
        fields = {"Surrogate-Control": "no-store"}
    response.headers.update({name: value for name, value in fields.items() if value})


def watch(app, purges):
    """Begins and ends the requests of a Flask application: responses get their tags, and nothing queued outlives its request."""

    @app.before_request
    def begin():
        _tags.set({})
        purges.forget()

    @app.after_request
    def finish(response):
        label(response, {**vars(response).get("freshet_tags", {}), **(_tags.get() or {})})
        return response

    @app.teardown_request
    def end(_error):
        _tags.set(None)
        purges.forget()


class NoPurges:
    """For tests: purges nothing, and keeps what would have been purged, commit by commit. The others differ in `before_commit` and `_send`."""

    def __init__(self):
        self.sent = []
        self._queue = ContextVar("freshet_purges", default=None)

    def purge_after_commit(self, *names, version=None):
        """With `version`: from then on no response is stored that states a lower one of these tags."""
        queue = dict(self._queue.get() or {})
        for name in names:
            queue[checked(name)] = max((v for v in (queue.get(name), version) if v is not None), default=None)
        self._queue.set(queue)

    def forget(self):
        self._queue.set(None)

    def send(self):
        """Call it when the commit is done and before the answer leaves; `transaction` does. Returns the receipts by node."""
        tags = self._queue.get()
        self.forget()
        return self._send(tags) if tags else {}

    @contextmanager
    def transaction(self, connection):
        try:
            yield connection
            self.before_commit(connection)
        except BaseException:
            self.forget()
            connection.rollback()
            raise
        try:
            connection.commit()
        except BaseException:
            # It may have happened, if the connection was lost meanwhile. A purge too many does no harm.
            with suppress(Exception):
                connection.rollback()
            with suppress(PurgeFailed):
                self.send()
            raise
        self.send()

    def before_commit(self, connection):
        """In the transaction, at its end."""

    def _send(self, tags):
        self.sent.append(list(tags))
        return {}


class Outbox(NoPurges):
    """Purges by the transaction itself (PostgreSQL, `freshet outbox sql`): none is lost when this process dies. Freshet reads them a moment later."""

    def before_commit(self, connection):
        if tags := list(self._queue.get() or {}):
            connection.cursor().execute("SELECT freshet_purge(VARIADIC %s::text[])", (tags,))


class Purges(NoPurges):
    """Purges at one or more Freshets: `http://HOST:8081/v1/purge` (the admin listener), or `http://HOST:8080/` (PURGE, with `purge.token`).
    Nodes that share a Redis are one: name any of them."""

    def __init__(self, nodes, token=None, timeout=5.0, reason="written"):
        super().__init__()
        self.nodes, self.token, self.timeout, self.reason = list(nodes), token, timeout, reason

    def _send(self, tags):
        """All nodes are told, whatever the others say; PurgeFailed has one error for each that failed."""
        receipts, failures = {}, {}
        with ThreadPoolExecutor(max(len(self.nodes), 1)) as pool:
            for node, told in [(node, pool.submit(self._tell, node, tags)) for node in self.nodes]:
                try:
                    receipts[node] = told.result()
                except (OSError, HTTPException, ValueError) as error:
                    failures[node] = str(error) or type(error).__name__
        if failures:
            raise PurgeFailed(failures, list(tags))
        return receipts

    def _tell(self, node, tags):
        deadline, names, receipts = monotonic() + self.timeout, list(tags), []
        while names:
            batch = [name for i, name in enumerate(names[:MAX_TAGS]) if len(" ".join(names[: i + 1])) <= MAX_BYTES // 2]
            receipts.append(self._confirmed(node, {name: tags[name] for name in batch}, deadline))
            names = names[len(batch) :]
        return receipts

    def _confirmed(self, node, tags, deadline):
        """Asks again while that is worth it: nobody answers; 429; 503, where the purge may have happened or not (`unknown`)."""
        while True:
            pause = PAUSE_SECONDS
            try:
                status, pause, receipt = self._ask(node, tags, max(deadline - monotonic(), 0.01))
                # `committed` (202): it holds on every node within `bound_ms`. Only who asks for that with Prefer gets it.
                if receipt.get("state") in ("confirmed", "committed"):
                    return receipt
                error = ValueError(f"answered {status}: {receipt.get('detail') or receipt.get('title') or receipt}")
            except (OSError, HTTPException) as caught:
                status, error = 503, caught
            if status not in (429, 503) or monotonic() + pause >= deadline:
                raise error
            sleep(pause)

    def _ask(self, node, tags, timeout):
        url, method, body, headers = urlsplit(node), "PURGE", None, {"Authorization": f"Bearer {self.token}"} if self.token else {}
        versions = {name: version for name, version in tags.items() if version is not None}
        if url.path == "/v1/purge":
            method, body = "POST", json.dumps({"tags": list(tags), "versions": versions, "reason": self.reason})
        elif versions:
            raise ValueError("PURGE takes no versions: name the node by its admin listener, http://HOST:8081/v1/purge")
        headers["Surrogate-Key"] = " ".join(tags)
        connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.hostname, url.port, timeout=timeout)
        try:
            connection.request(method, url.path or "/", body, headers)
            answer = connection.getresponse()
            after, text = answer.headers.get("Retry-After", ""), answer.read()
        finally:
            connection.close()
        with suppress(ValueError, TypeError):
            return answer.status, float(after) if after.isdigit() else PAUSE_SECONDS, dict(json.loads(text))
        return answer.status, PAUSE_SECONDS, {"title": f"no receipt: {text[:200]!r}"}
