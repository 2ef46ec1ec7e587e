"""The helper by itself: `python3 -m unittest discover -p test_freshet.py examples/flask-shop`. Needs no Flask and no Freshet."""

import json
import sqlite3
import threading
import unittest
from contextlib import contextmanager, suppress
from contextvars import copy_context
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import freshet

CONFIRMED = (200, {"state": "confirmed", "id": "a.1"})
UNKNOWN = (503, {"state": "unknown", "retry": "safe", "title": "Redis did not answer"})


class Node:
    """Answers purges as it is told, one answer after the other, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                node.asked.append(SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=body))
                status, receipt = node.answers.pop(0) if len(node.answers) > 1 else node.answers[0]
                text = receipt if isinstance(receipt, bytes) else json.dumps(receipt).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PURGE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/purge"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def nodes(*scripts):
    started = [Node(*answers) for answers in scripts]
    try:
        yield started
    finally:
        for node in started:
            node.close()


class Data:
    """A connection that says in which order things happened."""

    def __init__(self, log, name="", fails=False):
        self.log, self.name, self.fails = log, name, fails

    def commit(self):
        self.log.append(f"commit{self.name}")
        if self.fails:
            raise OSError("the connection was lost")

    def rollback(self):
        self.log.append(f"rollback{self.name}")

    def cursor(self):
        return self

    def execute(self, sql, values=()):
        self.log.append((sql, *values) if values else sql)


def logging(purges, log):
    send = purges._send
    purges._send = lambda queue: (log.append("purge " + " ".join(freshet.tags_of(queue))), send(queue))[1]
    return purges


class Transactions(unittest.TestCase):
    def setUp(self):
        self.log = []
        self.purges = logging(freshet.NoPurges(), self.log)

    def test_purges_after_the_commit(self):
        with self.purges.transaction(Data(self.log)):
            self.purges.purge_after_commit("product:42", "products")
            self.purges.purge_after_commit("product:42")
        self.assertEqual(self.log, ["commit", "purge product:42 products"])
        self.assertEqual(self.purges.sent, [["product:42", "products"]])

    def test_purges_nothing_that_is_rolled_back(self):
        with self.assertRaises(ZeroDivisionError), self.purges.transaction(Data(self.log)):
            self.purges.purge_after_commit("product:42")
            1 / 0
        self.assertEqual(self.log, ["rollback"])
        with self.purges.transaction(Data(self.log)):
            pass
        self.assertEqual(self.purges.sent, [])

    def test_one_inside_another_waits_for_its_commit(self):
        data = Data(self.log)
        with self.purges.transaction(data):
            self.purges.purge_after_commit("product:42")
            with self.purges.transaction(data):
                self.purges.purge_after_commit("stock:42")
            self.purges.purge_after_commit("price:42")
        self.assertEqual(self.log, ["SAVEPOINT freshet_1", "commit", "purge product:42 stock:42 price:42"])

    def test_one_inside_another_that_is_rolled_back_takes_only_its_own_purges_with_it(self):
        data = Data(self.log)
        with self.purges.transaction(data):
            self.purges.purge_after_commit("product:42")
            with self.assertRaises(ZeroDivisionError), self.purges.transaction(data):
                with self.purges.transaction(data):
                    self.purges.purge_after_commit("price:42")
                1 / 0
        savepoints = ["SAVEPOINT freshet_1", "SAVEPOINT freshet_2", "ROLLBACK TO SAVEPOINT freshet_1"]
        self.assertEqual(self.log, [*savepoints, "commit", "purge product:42"])

    def test_the_outer_one_that_is_rolled_back_takes_all_with_it(self):
        data = Data(self.log)
        with suppress(ZeroDivisionError), self.purges.transaction(data):
            with self.purges.transaction(data):
                self.purges.purge_after_commit("product:42")
            1 / 0
        self.assertEqual(self.log, ["SAVEPOINT freshet_1", "rollback"])

    def test_each_connection_has_its_own(self):
        data, other = Data(self.log), Data(self.log, " other")
        with suppress(ZeroDivisionError), self.purges.transaction(data):
            self.purges.purge_after_commit("product:42")
            with self.purges.transaction(other):
                self.purges.purge_after_commit("audit:1")
                with self.purges.transaction(data):
                    self.purges.purge_after_commit("price:42")
            self.assertEqual(self.log, ["SAVEPOINT freshet_2", "commit other", "purge audit:1"])
            with suppress(KeyError), self.purges.transaction(other):
                self.purges.purge_after_commit("audit:2")
                raise KeyError
        self.assertEqual(self.log[3:], ["rollback other", "commit", "purge product:42 price:42"])

    def test_what_is_nested_is_as_the_database_has_it(self):
        path = "file:nested?mode=memory&cache=shared"
        writer, reader = sqlite3.connect(path, uri=True), sqlite3.connect(path, uri=True)
        writer.execute("CREATE TABLE products (name TEXT)")
        writer.commit()

        def write(name):
            writer.execute("INSERT INTO products VALUES (?)", (name,))
            self.purges.purge_after_commit(name)

        with suppress(ZeroDivisionError), self.purges.transaction(writer):
            with self.purges.transaction(writer):
                write("Assam")
            1 / 0
        with self.purges.transaction(writer):
            with self.purges.transaction(writer):
                write("Keemun")
            with suppress(ZeroDivisionError), self.purges.transaction(writer):
                with self.purges.transaction(writer):
                    write("Lapsang")
                1 / 0
            write("Sencha")
        self.assertEqual(reader.execute("SELECT name FROM products").fetchall(), [("Keemun",), ("Sencha",)])
        self.assertEqual(self.purges.sent, [["Keemun", "Sencha"]])

    def test_nested_in_sqlalchemy(self):
        log = self.log

        class Session(Data):
            @contextmanager
            def begin_nested(self):
                log.append("begin nested")
                yield

        session = Session(log)
        with self.purges.transaction(session), self.purges.transaction(session):
            self.purges.purge_after_commit("product:42")
        self.assertEqual(log, ["begin nested", "commit", "purge product:42"])

    def test_the_outbox_in_sqlalchemy(self):
        """Its session has a connection, and that the one of the database."""
        raw = Data(self.log)
        held = SimpleNamespace(connection=raw, begin_nested=None)
        session = SimpleNamespace(connection=lambda: held, begin_nested=None, commit=lambda: self.log.append("commit"))
        for connection in (session, SimpleNamespace(**vars(held), commit=lambda: self.log.append("commit"))):
            self.log.clear()
            outbox = freshet.Outbox()
            with outbox.transaction(connection):
                outbox.purge_after_commit("a")
            self.assertEqual([self.log[0][1], self.log[-1]], ['{"tags": ["a"]}', "commit"])

    def test_a_block_that_is_left_in_another_context_purges(self):
        block = self.purges.transaction(Data(self.log))
        copy_context().run(block.__enter__)
        with self.assertRaisesRegex(RuntimeError, "no transaction"):
            self.purges.purge_after_commit("lost")
        block.__exit__(None, None, None)
        context = copy_context()
        block = self.purges.transaction(Data(self.log))
        context.run(lambda: (block.__enter__(), self.purges.purge_after_commit("a")))
        block.__exit__(None, None, None)
        self.assertEqual(self.log[-2:], ["commit", "purge a"])

    def test_purges_what_may_have_been_committed(self):
        with self.assertRaisesRegex(OSError, "lost"), self.purges.transaction(Data(self.log, fails=True)):
            self.purges.purge_after_commit("product:42")
        self.assertEqual(self.log, ["commit", "rollback", "purge product:42"])

    def test_says_so_where_even_that_fails(self):
        def fail(_queue):
            raise freshet.PurgeFailed({"node": "refused"}, ["product:42"])

        self.purges._send = fail
        with self.assertLogs("freshet") as logs, suppress(OSError), self.purges.transaction(Data(self.log, fails=True)):
            self.purges.purge_after_commit("product:42")
        self.assertIn("node: refused", logs.output[0])

    def test_a_reader_sees_the_write_when_the_purge_is_sent(self):
        path = "file:shop?mode=memory&cache=shared"
        writer, reader = sqlite3.connect(path, uri=True), sqlite3.connect(path, uri=True)
        writer.execute("CREATE TABLE products (name TEXT)")
        writer.commit()
        self.purges._send = lambda _queue: self.log.extend(reader.execute("SELECT name FROM products").fetchall())
        with self.purges.transaction(writer) as db:
            db.execute("INSERT INTO products VALUES ('Assam')")
            self.purges.purge_after_commit("products")
        self.assertEqual(self.log, [("Assam",)])

    def test_outside_a_transaction_it_is_an_error_that_says_what_to_do(self):
        with self.assertRaisesRegex(RuntimeError, r"no transaction is under way in this thread: .* purge\(…\)"):
            self.purges.purge_after_commit("product:42")
        self.assertEqual(self.purges.purge("product:42"), {})
        self.assertEqual(self.log, ["purge product:42"])

    def test_not_where_each_statement_is_committed_by_itself(self):
        bare = sqlite3.connect(":memory:", isolation_level=None)
        for connection in (bare, SimpleNamespace(autocommit=True)):
            with self.assertRaisesRegex(RuntimeError, "commits each statement"), freshet.NoPurges().transaction(connection):
                self.fail("begun")
        bare.execute("BEGIN")
        purges = freshet.NoPurges()
        with purges.transaction(bare):
            purges.purge_after_commit("a")
        self.assertEqual(purges.sent, [["a"]])

    def test_a_proxy_is_the_connection_that_it_stands_for(self):
        data = Data(self.log)
        proxy = SimpleNamespace(_get_current_object=lambda: data)
        with self.purges.transaction(proxy):
            self.purges.purge_after_commit("a")
            with self.purges.transaction(data):
                self.purges.purge_after_commit("b")
        self.assertEqual(self.log[-2:], ["commit", "purge a b"])

    def test_in_another_thread_too(self):
        caught = []

        def queue():
            try:
                self.purges.purge_after_commit("product:42")
            except RuntimeError as error:
                caught.append(error)

        def in_a_thread(target):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()

        with self.purges.transaction(Data(self.log)):
            in_a_thread(queue)
            context = copy_context()
        in_a_thread(lambda: context.run(queue))
        self.assertEqual(len(caught), 2)
        self.assertEqual(self.log, ["commit"])

    def test_what_cannot_be_purged_is_said_before_the_commit(self):
        wrong = [{"version": 1.5}, {"mode": "harder"}, {"settle": "2"}, {"scopes": [{"sub": 7}]}, {"scopes": [{}]}, {"scopes": ["sub"]}]
        for how in wrong:
            with self.subTest(how), self.assertRaises(ValueError), self.purges.transaction(Data(self.log)):
                self.purges.purge_after_commit("product:42", **how)
        self.assertEqual(self.log, ["rollback"] * len(wrong))

    def test_the_outbox_writes_in_the_transaction(self):
        outbox = freshet.Outbox()
        data = Data(self.log)
        with outbox.transaction(data):
            outbox.purge_after_commit("products")
            with outbox.transaction(data):
                outbox.purge_after_commit("product:42", version=Decimal(18))
            outbox.purge_after_commit("reviews:42", mode="soft", settle="2s", scopes=[{"sub": "u7"}])
        sql = "SELECT freshet_event('freshet.purge', '', %s::jsonb)"
        hard = '{"tags": ["products", "product:42"], "versions": {"product:42": 18}}'
        soft = '{"tags": ["reviews:42"], "scopes": [{"sub": "u7"}], "mode": "soft", "settle": "2s"}'
        self.assertEqual(self.log, ["SAVEPOINT freshet_1", (sql, hard), (sql, soft), "commit"])
        with self.assertRaisesRegex(RuntimeError, "within a transaction"):
            outbox.purge("product:42")


class Nodes(unittest.TestCase):
    def test_post(self):
        with nodes([CONFIRMED]) as [node]:
            receipts = freshet.Purges([node.url], token="s3cret").purge("product:42", version=17)
            self.assertEqual(receipts, {node.url: [CONFIRMED[1]]})
            [asked] = node.asked
            self.assertEqual((asked.method, asked.path, asked.headers["Authorization"]), ("POST", "/v1/purge", "Bearer s3cret"))
            self.assertEqual(json.loads(asked.body), {"tags": ["product:42"], "versions": {"product:42": 17}, "reason": "written"})

    def test_purge(self):
        with nodes([CONFIRMED]) as [node]:
            freshet.Purges([node.url.removesuffix("v1/purge")]).purge("product:42", "products")
            [asked] = node.asked
            self.assertEqual((asked.method, asked.path, asked.headers["Surrogate-Key"]), ("PURGE", "/", "product:42 products"))
            self.assertNotIn("Soft-Purge", asked.headers)
            freshet.Purges([node.url.removesuffix("v1/purge")]).purge("product:42", mode="soft", settle="2s")
            self.assertEqual((node.asked[1].headers["Soft-Purge"], node.asked[1].headers["Purge-Settle"]), ("1", "2s"))
            with self.assertRaisesRegex(ValueError, "no versions"):
                freshet.Purges([node.url.removesuffix("v1/purge")]).purge("product:42", version=1)

    def test_soft_and_hard_go_apart(self):
        with nodes([CONFIRMED]) as [node]:
            purges = freshet.Purges([node.url])
            with purges.transaction(Data([])):
                purges.purge_after_commit("product:42", version=17)
                purges.purge_after_commit("reviews:42", mode="soft", settle="2s")
                purges.purge_after_commit("product:42", version=18, scopes=[{"sub": "u7"}])
            self.assertEqual(
                [json.loads(asked.body) for asked in node.asked],
                [
                    {"tags": ["product:42"], "scopes": [{"sub": "u7"}], "versions": {"product:42": 18}, "reason": "written"},
                    {"tags": ["reviews:42"], "mode": "soft", "settle": "2s", "reason": "written"},
                ],
            )

    def test_unknown_is_asked_again(self):
        with nodes([UNKNOWN, UNKNOWN, CONFIRMED]) as [node]:
            freshet.Purges([node.url]).purge("product:42")
            self.assertEqual(len(node.asked), 3)

    def test_committed_is_an_end(self):
        with nodes([(202, {"state": "committed", "bound_ms": 3110})]) as [node]:
            self.assertEqual(freshet.Purges([node.url]).purge("a")[node.url][0]["bound_ms"], 3110)

    def test_one_error_for_each_node_that_failed_and_the_others_are_told(self):
        with nodes([UNKNOWN], [CONFIRMED], [(401, {"title": "the token is wrong"})], [(200, b"<html>")]) as [slow, fine, closed, foreign]:
            with self.assertRaises(freshet.PurgeFailed) as raised:
                freshet.Purges([slow.url, fine.url, closed.url, foreign.url], timeout=0.2).purge("product:42")
            failures = raised.exception.failures
            self.assertEqual(set(failures), {slow.url, closed.url, foreign.url})
            self.assertIn("503: Redis did not answer", failures[slow.url])
            self.assertIn("401: the token is wrong", failures[closed.url])
            self.assertIn("no receipt", failures[foreign.url])
            self.assertEqual([len(node.asked) for node in (fine, closed, foreign)], [1, 1, 1])
            self.assertEqual(raised.exception.tags, ["product:42"])

    def test_what_names_no_node(self):
        for named in ([], "http://127.0.0.1:8081/v1/purge", ["127.0.0.1:8081"], ["http:///v1/purge"]):
            with self.subTest(named), self.assertRaisesRegex(ValueError, "name one node at least"):
                freshet.Purges(named)

    def test_what_could_only_fail_after_the_commit(self):
        for token in ("s3cret\n", "s\u00e9cret"):
            with self.subTest(token), self.assertRaisesRegex(ValueError, "^the token has characters") as raised:
                freshet.Purges(["http://127.0.0.1:8081/v1/purge"], token=token)
            self.assertNotIn("cret", str(raised.exception))
        for node in ("http://user:s3cret@127.0.0.1:8081/v1/purge", "http://127.0.0.1:x/v1/purge"):
            with self.subTest(node), self.assertRaises(ValueError) as raised:
                freshet.Purges([node])
            self.assertNotIn("s3cret", str(raised.exception))
        with self.assertRaisesRegex(ValueError, "settle 2: allowed"):
            freshet.NoPurges().purge("a", settle=2)

    def test_nobody_there(self):
        with nodes([CONFIRMED]) as [node]:
            pass
        with self.assertRaisesRegex(freshet.PurgeFailed, "refused"):
            freshet.Purges([node.url], timeout=0.01).purge("product:42")

    def test_many_tags_go_in_several_requests(self):
        with nodes([CONFIRMED]) as [node]:
            freshet.Purges([node.url]).purge(*(f"product:{i}" for i in range(600)))
            freshet.Purges([node.url]).purge(*(f"{i}:" + "x" * 1000 for i in range(20)))
            counts = [len(json.loads(asked.body)["tags"]) for asked in node.asked]
            self.assertEqual(counts, [256, 256, 88, 8, 8, 4])


class Tags(unittest.TestCase):
    def response(self):
        return SimpleNamespace(headers={})

    def test_labels(self):
        response = self.response()
        freshet.tag("product:42", on=response, version=18)
        freshet.tag("product:42", "products", on=response)
        freshet.tag("product:42", on=response, version=17)
        self.assertEqual(response.headers, {"Surrogate-Key": "product:42 products", "Surrogate-Version": "product:42=17"})

    def test_too_many_are_not_stored(self):
        for names in ([f"product:{i}" for i in range(257)], [f"{i}" + "x" * 1000 for i in range(17)]):
            response = self.response()
            freshet.label(response, dict.fromkeys(names))
            self.assertEqual(response.headers, {"Freshet-Cache-Control": "no-store"})
        freshet.label(response := self.response(), dict.fromkeys(f"product:{i}" for i in range(256)))
        self.assertEqual(len(response.headers["Surrogate-Key"].split()), 256)

    def test_beside_what_the_view_has_written(self):
        response = SimpleNamespace(headers={"Surrogate-Key": "a product:42", "Surrogate-Version": "product:42=18, a=3"})
        freshet.tag("product:42", "b", on=response, version=19)
        self.assertEqual(response.headers, {"Surrogate-Key": "a product:42 b", "Surrogate-Version": "product:42=18, a=3, b=19"})

    def test_what_is_no_tag(self):
        for name in ("", "a b", "a,b", "ä", "x" * 1025, 42, None, "a\n"):
            with self.subTest(name), self.assertRaises(ValueError):
                freshet.tag(name, on=self.response())
            with self.subTest(name), self.assertRaises(ValueError):
                freshet.NoPurges().purge_after_commit(name)

    def test_versions(self):
        for version in (17, "17", "0017", Decimal(17), Decimal("17.0")):
            with self.subTest(version):
                freshet.tag("product:42", on=(response := self.response()), version=version)
                self.assertEqual(response.headers["Surrogate-Version"], "product:42=17")
        for version in (-1, 1.0, True, "", "-1", "1.0", "\u0661", 10**15, Decimal("1.5"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), b"1", []):
            with self.subTest(version), self.assertRaisesRegex(ValueError, "no version"):
                freshet.tag("product:42", on=self.response(), version=version)

    def test_without_a_request(self):
        with self.assertRaisesRegex(RuntimeError, "no request is under way"):
            freshet.tag("product:42")


if __name__ == "__main__":
    unittest.main()
