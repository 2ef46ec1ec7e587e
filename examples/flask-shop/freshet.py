"""What an API needs so that Freshet may cache it: tags on its responses, and purges that follow the commit. Standard library only, and for
any framework: responses need `headers`, connections `commit` and `rollback`. docs/flask.md walks through it.

    tag("product:42", version=17)                # anywhere while the answer is made: what it is made of
    with purges.transaction(connection):         # commits, then purges, then goes on; or rolls back and purges nothing
        purges.purge_after_commit("product:42")
"""

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import accumulate
from time import monotonic, sleep
from urllib.parse import urlsplit

# What Freshet takes: tags.max_count and tags.max_bytes of a response; of one PURGE, whose head is bounded, half of that.
MAX_TAGS, MAX_BYTES = 256, 16 * 1024
TAG = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,1024}")
NODE = re.compile(r"https?://[^/?#]")
SETTLE = re.compile(r"[0-9]{1,9}(ms|s|m|h)")
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


def checked_scope(scope):
    with suppress(AttributeError, TypeError, ValueError):
        [(name, value)] = scope.items()
        if isinstance(name, str) and isinstance(value, str):
            return name, value
    raise ValueError("no scope: one name and its text, such as {'sub': 'u7'}")


def checked_version(version):
    """As an int: what a database has may be a Decimal, or digits."""
    is_digits = isinstance(version, str) and version.isascii() and version.isdigit()
    with suppress(TypeError, ValueError, ArithmeticError):
        if is_digits or (not isinstance(version, (str, bool, float)) and version == int(version)):
            if 0 <= int(version) < 10**15:
                return int(version)
    raise ValueError(f"{version!r} is no version: a whole number from 0 on with at most 15 digits")


def tag(*names, on=None, version=None):
    """Says what a response is made of: the one under way, or `on`. `version`: of the data behind these tags, the lowest of several."""
    held = _tags.get() if on is None else vars(on).setdefault("freshet_tags", {})
    if held is None:
        raise RuntimeError(
            "no request is under way, or its fields are written: watch(app) begins requests, before any other hook; "
            "tag before a response is streamed, or use tag(…, on=response)"
        )
    stated = [] if version is None else [checked_version(version)]
    for name in names:
        held[checked(name)] = min([v for v in [held.get(name)] if v is not None] + stated, default=None)
    if on is not None:
        label(on, held)


def label(response, tags):
    """Writes the fields, beside what the view has written. With more tags than Freshet takes a response could not be purged by all of them:
    then it may not store it, whatever else the response says."""
    keys = list(dict.fromkeys([*response.headers.get("Surrogate-Key", "").split(), *tags]))
    stated = [one.strip().rpartition("=") for one in response.headers.get("Surrogate-Version", "").split(",")]
    versions = {name: int(version) for name, _, version in stated if name}
    versions |= {name: min(version, versions.get(name, version)) for name, version in tags.items() if version is not None}
    fields = {"Surrogate-Key": " ".join(keys), "Surrogate-Version": ", ".join(f"{name}={version}" for name, version in versions.items())}
    if len(keys) > MAX_TAGS or max(map(len, fields.values())) > MAX_BYTES:
        fields = {"Freshet-Cache-Control": "no-store"}
    response.headers.update({name: value for name, value in fields.items() if value})


def watch(app):
    """Begins and ends the requests of a Flask application: responses get their tags. Before any other hook: Flask calls the first of them last."""
    from flask import g

    @app.before_request
    def begin():
        # One may be made inside another.
        g.freshet_outer = _tags.get()
        _tags.set({})

    @app.after_request
    def finish(response):
        label(response, {**vars(response).get("freshet_tags", {}), **(_tags.get() or {})})
        _tags.set(None)
        return response

    @app.teardown_request
    def end(_error):
        _tags.set(g.pop("freshet_outer", None))


# What is queued: {(tag, or a scope such as ("sub", "u7"), mode, settle): version}.


def put(queue, asked):
    """Each once, with the highest version that was asked for."""
    for key, version in asked.items():
        queue[key] = max((v for v in (queue.get(key), version) if v is not None), default=None)


def bodies(queue):
    """As `POST /v1/purge` takes them, and none too large for it."""
    for mode, settle in dict.fromkeys(key[1:] for key in queue):
        versions = {what: version for (what, *how), version in queue.items() if how == [mode, settle]}
        left = list(versions)
        while left:
            sizes = accumulate(len("".join(what)) + 1 for what in left[:MAX_TAGS])
            count = max(sum(size <= MAX_BYTES // 2 for size in sizes), 1)
            batch, left = left[:count], left[count:]
            members = {
                "tags": [what for what in batch if isinstance(what, str)],
                "scopes": [dict([what]) for what in batch if isinstance(what, tuple)],
                "versions": {what: versions[what] for what in batch if versions[what] is not None},
                "mode": None if mode == "hard" else mode,
                "settle": settle,
            }
            yield {name: value for name, value in members.items() if value}


def tags_of(queue):
    return list(dict.fromkeys(what for what, *_ in queue if isinstance(what, str)))


class Transaction:
    """One under way: its connection, what is queued in it, and the one that it was begun in."""

    def __init__(self, connection, outer):
        self.connection, self.outer, self.queue, self.is_open = connection, outer, {}, True
        self.depth = 0 if outer is None else outer.depth + 1

    def around(self):
        """The nearest of the same connection that this one was begun in."""
        found = self.outer
        while found is not None and not (found.is_open and found.connection is self.connection):
            found = found.outer
        return found


@contextmanager
def savepoint(connection, name):
    """Ends with its transaction. It is not released: where nothing was written before it, SQLite would commit."""
    if hasattr(connection, "begin_nested"):  # SQLAlchemy
        with connection.begin_nested():
            yield
        return
    cursor = connection.cursor()
    cursor.execute(f"SAVEPOINT {name}")
    try:
        yield
    except BaseException:
        cursor.execute(f"ROLLBACK TO SAVEPOINT {name}")
        raise


def refuse_autocommit(connection):
    """It would keep what a block has written before it raises, and purge nothing."""
    # sqlite3 without transactions of its own, and none that was begun by hand.
    is_bare = getattr(connection, "in_transaction", None) is False and getattr(connection, "isolation_level", "") is None
    if is_bare or getattr(connection, "autocommit", False) is True:
        raise RuntimeError("the connection commits each statement by itself: turn autocommit off, or begin a transaction before")


def cursor_of(connection):
    """Of a DB-API connection, or of the one that SQLAlchemy's session or connection works with."""
    if hasattr(connection, "begin_nested"):
        named = connection.connection
        return (named().connection if callable(named) else named).cursor()
    return connection.cursor()


class NoPurges:
    """For tests: purges nothing, and keeps the tags that would have been purged, commit by commit. The others differ in what they override."""

    takes_versions = True

    def __init__(self):
        self.sent = []
        self._under_way = ContextVar("freshet_transaction", default=None)

    def purge_after_commit(self, *tags, version=None, scopes=(), mode="hard", settle=None):
        """Belongs to the innermost transaction of this thread. With `version`: from then on no response is stored that states a lower one of
        these tags. `scopes`: [{"sub": "u7"}], all that is that user's. `mode`, `settle`: as for `POST /v1/purge`."""
        asked = self._asked(tags, version, scopes, mode, settle)
        under_way = self._under_way.get()
        if under_way is None or not under_way.is_open:
            raise RuntimeError("no transaction is under way in this thread: begin one (purges.transaction), or call purge(…) after your own commit")
        put(under_way.queue, asked)

    def purge(self, *tags, version=None, scopes=(), mode="hard", settle=None):
        """At once: for what was committed elsewhere. Returns the receipts by node."""
        asked = self._asked(tags, version, scopes, mode, settle)
        return self._send(asked) if asked else {}

    @contextmanager
    def transaction(self, connection):
        """Inside another of the same connection it is a savepoint, and what it queues waits for that one's commit."""
        connection = getattr(connection, "_get_current_object", lambda: connection)()  # Flask's and werkzeug's proxies: one connection has one name
        begun = Transaction(connection, self._under_way.get())
        around = begun.around()
        if around is None:
            refuse_autocommit(connection)
        token = self._under_way.set(begun)
        try:
            with self._committed(begun) if around is None else savepoint(connection, f"freshet_{begun.depth}"):
                yield connection
        finally:
            begun.is_open = False
            try:
                self._under_way.reset(token)
            except ValueError:  # The block was left in another context than it was entered in: nothing may keep the purge from being sent.
                self._under_way.set(begun.outer)
        if around is not None:
            put(around.queue, begun.queue)
        elif begun.queue:
            self._send(begun.queue)

    @contextmanager
    def _committed(self, begun):
        connection, queue = begun.connection, begun.queue
        try:
            yield
            if queue:
                self.before_commit(connection, queue)
        except BaseException:
            connection.rollback()
            raise
        try:
            connection.commit()
        except BaseException:
            # It may have happened, if the connection was lost meanwhile. A purge too many does no harm.
            with suppress(Exception):
                connection.rollback()
            try:
                if queue:
                    self._send(queue)
            except PurgeFailed as failed:
                logging.getLogger("freshet").error("a commit failed, may have happened all the same, and was not purged: %s", failed)
            raise

    def before_commit(self, connection, queue):
        """In the transaction, at its end."""

    def _asked(self, tags, version, scopes, mode, settle):
        """All that can be wrong is said here, where nothing is committed yet."""
        if mode not in ("hard", "soft") or (settle is not None and not (isinstance(settle, str) and SETTLE.fullmatch(settle))):
            raise ValueError(f"mode {mode!r}, settle {settle!r}: allowed are hard or soft, and such as 2s")
        if not self.takes_versions and (version is not None or scopes):
            raise ValueError("PURGE takes no versions and no scopes: name the node by its admin listener, http://HOST:8081/v1/purge")
        lowest = None if version is None else checked_version(version)
        named = {checked(tag): lowest for tag in tags} | {checked_scope(scope): None for scope in scopes}
        return {(what, mode, settle): version for what, version in named.items()}

    def _send(self, queue):
        self.sent.append(tags_of(queue))
        return {}



class Outbox(NoPurges):
    """Purges by the transaction itself (PostgreSQL, `freshet outbox sql`): none is lost when this process dies. Freshet reads them a moment later."""

    def before_commit(self, connection, queue):
        cursor = cursor_of(connection)
        for body in bodies(queue):
            cursor.execute("SELECT freshet_event('freshet.purge', '', %s::jsonb)", (json.dumps(body),))

    def purge(self, *_tags, **_how):
        raise RuntimeError("the outbox purges within a transaction: call purge_after_commit inside `with purges.transaction(connection)`")

    def _send(self, queue):
        """Freshet reads it."""
        return {}


class Purges(NoPurges):
    """Purges at one or more Freshets: `http://HOST:8081/v1/purge` (the admin listener), or `http://HOST:8080/` (PURGE, with `purge.token`).
    Nodes that share a Redis are one: name any of them."""

    def __init__(self, nodes, token=None, timeout=5.0, reason="written"):
        super().__init__()
        if not nodes or isinstance(nodes, str) or not all(map(NODE.match, nodes)):
            raise ValueError(f"{nodes!r}: name one node at least, each as http://HOST:8081/v1/purge; NoPurges() purges nothing")
        for node in nodes:
            if "@" in urlsplit(node).netloc or urlsplit(node).port == 0:
                raise ValueError("a node is named by host and port, without a user: the token is an argument of its own")
        if token is not None and not re.fullmatch("[!-~]*", token):
            raise ValueError("the token has characters that a field may not have: a line end behind it, most likely")
        self.nodes, self.token, self.timeout, self.reason = list(nodes), token, timeout, reason
        self.takes_versions = all(urlsplit(node).path == "/v1/purge" for node in self.nodes)

    def _send(self, queue):
        """All nodes are told, whatever the others say; PurgeFailed has one error for each that failed."""

        def attempt(node):
            try:
                return self._tell(node, queue), None
            except (OSError, HTTPException, ValueError) as error:
                return None, str(error) or type(error).__name__

        try:
            ends = dict(zip(self.nodes, self._at_once(attempt)))
        except RuntimeError:  # The interpreter is ending and begins no thread any more.
            ends = {node: attempt(node) for node in self.nodes}
        failures = {node: error for node, (_, error) in ends.items() if error is not None}
        if failures:
            raise PurgeFailed(failures, tags_of(queue))
        return {node: receipts for node, (receipts, _) in ends.items()}

    def _at_once(self, attempt):
        if len(self.nodes) == 1:
            return [attempt(self.nodes[0])]
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            return list(pool.map(attempt, self.nodes))

    def _tell(self, node, queue):
        deadline = monotonic() + self.timeout
        return [self._confirmed(node, body, deadline) for body in bodies(queue)]

    def _confirmed(self, node, body, deadline):
        """Asks again while that is worth it: nobody answers; 429; 503, where the purge may have happened or not (`unknown`)."""
        while True:
            pause = PAUSE_SECONDS
            try:
                status, pause, receipt = self._ask(node, body, max(deadline - monotonic(), 0.01))
                # `committed` (202): it holds on every node within `bound_ms`. Only who asks for that with Prefer gets it.
                if receipt.get("state") in ("confirmed", "committed"):
                    return receipt
                error = ValueError(f"answered {status}: {receipt.get('detail') or receipt.get('title') or receipt}")
            except (OSError, HTTPException) as caught:
                status, error = 503, caught
            if status not in (429, 503) or monotonic() + pause >= deadline:
                raise error
            sleep(pause)

    def _ask(self, node, body, timeout):
        url, headers = urlsplit(node), {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if url.path == "/v1/purge":
            method, sent = "POST", json.dumps({**body, "reason": self.reason})
        else:
            method, sent = "PURGE", None
            headers["Surrogate-Key"] = " ".join(body["tags"])
            if body.get("mode") == "soft":
                headers["Soft-Purge"] = "1"
            if "settle" in body:
                headers["Purge-Settle"] = body["settle"]
        connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.hostname, url.port, timeout=timeout)
        try:
            connection.request(method, url.path or "/", sent, headers)
            answer = connection.getresponse()
            after, text = answer.headers.get("Retry-After", ""), answer.read()
        finally:
            connection.close()
        with suppress(ValueError, TypeError):
            return answer.status, float(after) if after.isdigit() else PAUSE_SECONDS, dict(json.loads(text))
        return answer.status, PAUSE_SECONDS, {"title": f"no receipt: {text[:200]!r}"}
