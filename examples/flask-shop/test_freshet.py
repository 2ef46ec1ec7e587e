"""The helper by itself: `python3 -m unittest discover -p test_freshet.py examples/flask-shop`. Needs no Flask and no Freshet."""

import json
import sqlite3
import threading
import unittest
from contextlib import contextmanager
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

    def __init__(self, log, fails=False):
        self.log, self.fails = log, fails

    def commit(self):
        self.log.append("commit")
        if self.fails:
            raise OSError("the connection was lost")

    def rollback(self):
        self.log.append("rollback")


def logging(purges, log):
    send = purges._send
    purges._send = lambda tags: (log.append("purge"), send(tags))[1]
    return purges


class Transactions(unittest.TestCase):
    def setUp(self):
        self.log = []
        self.purges = logging(freshet.NoPurges(), self.log)

    def test_purges_after_the_commit(self):
        with self.purges.transaction(Data(self.log)):
            self.purges.purge_after_commit("product:42", "products")
            self.purges.purge_after_commit("product:42")
        self.assertEqual(self.log, ["commit", "purge"])
        self.assertEqual(self.purges.sent, [["product:42", "products"]])

    def test_purges_nothing_that_is_rolled_back(self):
        with self.assertRaises(ZeroDivisionError), self.purges.transaction(Data(self.log)):
            self.purges.purge_after_commit("product:42")
            1 / 0
        self.assertEqual(self.log, ["rollback"])
        with self.purges.transaction(Data(self.log)):
            pass
        self.assertEqual(self.purges.sent, [])

    def test_one_inside_another_loses_nothing(self):
        data = Data(self.log)
        with self.purges.transaction(data):
            self.purges.purge_after_commit("product:42")
            with self.purges.transaction(data):
                self.purges.purge_after_commit("stock:42")
            self.purges.purge_after_commit("price:42")
        self.assertEqual(self.purges.sent, [["product:42", "stock:42"], ["price:42"]])

    def test_purges_what_may_have_been_committed(self):
        with self.assertRaisesRegex(OSError, "lost"), self.purges.transaction(Data(self.log, fails=True)):
            self.purges.purge_after_commit("product:42")
        self.assertEqual(self.log, ["commit", "rollback", "purge"])

    def test_a_reader_sees_the_write_when_the_purge_is_sent(self):
        path = "file:shop?mode=memory&cache=shared"
        writer, reader = sqlite3.connect(path, uri=True), sqlite3.connect(path, uri=True)
        writer.execute("CREATE TABLE products (name TEXT)")
        writer.commit()
        self.purges._send = lambda _tags: self.log.extend(reader.execute("SELECT name FROM products").fetchall())
        with self.purges.transaction(writer) as db:
            db.execute("INSERT INTO products VALUES ('Assam')")
            self.purges.purge_after_commit("products")
        self.assertEqual(self.log, [("Assam",)])

    def test_what_one_thread_has_queued_another_does_not_send(self):
        self.purges.purge_after_commit("product:42")
        other = threading.Thread(target=self.purges.send)
        other.start()
        other.join()
        self.assertEqual(self.purges.sent, [])
        self.purges.send()
        self.assertEqual(self.purges.sent, [["product:42"]])

    def test_the_outbox_writes_in_the_transaction(self):
        log = self.log

        class Cursor:
            def execute(self, sql, values):
                log.append((sql, values))

        data = Data(log)
        data.cursor = Cursor
        outbox = freshet.Outbox()
        with outbox.transaction(data):
            outbox.purge_after_commit("product:42")
        self.assertEqual(log, [("SELECT freshet_purge(VARIADIC %s::text[])", (["product:42"],)), "commit"])


class Nodes(unittest.TestCase):
    def purge(self, purges, *names, **how):
        purges.purge_after_commit(*names, **how)
        return purges.send()

    def test_post(self):
        with nodes([CONFIRMED]) as [node]:
            receipts = self.purge(freshet.Purges([node.url], token="s3cret"), "product:42", version=17)
            self.assertEqual(receipts, {node.url: [CONFIRMED[1]]})
            [asked] = node.asked
            self.assertEqual((asked.method, asked.path, asked.headers["Authorization"]), ("POST", "/v1/purge", "Bearer s3cret"))
            self.assertEqual(json.loads(asked.body), {"tags": ["product:42"], "versions": {"product:42": 17}, "reason": "written"})

    def test_purge(self):
        with nodes([CONFIRMED]) as [node]:
            self.purge(freshet.Purges([node.url.removesuffix("v1/purge")]), "product:42", "products")
            [asked] = node.asked
            self.assertEqual((asked.method, asked.path, asked.headers["Surrogate-Key"]), ("PURGE", "/", "product:42 products"))
            with self.assertRaisesRegex(freshet.PurgeFailed, "no versions"):
                self.purge(freshet.Purges([node.url.removesuffix("v1/purge")]), "product:42", version=1)

    def test_unknown_is_asked_again(self):
        with nodes([UNKNOWN, UNKNOWN, CONFIRMED]) as [node]:
            self.purge(freshet.Purges([node.url]), "product:42")
            self.assertEqual(len(node.asked), 3)

    def test_committed_is_an_end(self):
        with nodes([(202, {"state": "committed", "bound_ms": 3110})]) as [node]:
            self.assertEqual(self.purge(freshet.Purges([node.url]), "a")[node.url][0]["bound_ms"], 3110)

    def test_one_error_for_each_node_that_failed_and_the_others_are_told(self):
        with nodes([UNKNOWN], [CONFIRMED], [(401, {"title": "the token is wrong"})], [(200, b"<html>")]) as [slow, fine, closed, foreign]:
            with self.assertRaises(freshet.PurgeFailed) as raised:
                self.purge(freshet.Purges([slow.url, fine.url, closed.url, foreign.url], timeout=0.2), "product:42")
            failures = raised.exception.failures
            self.assertEqual(set(failures), {slow.url, closed.url, foreign.url})
            self.assertIn("503: Redis did not answer", failures[slow.url])
            self.assertIn("401: the token is wrong", failures[closed.url])
            self.assertIn("no receipt", failures[foreign.url])
            self.assertEqual([len(node.asked) for node in (fine, closed, foreign)], [1, 1, 1])
            self.assertEqual(raised.exception.tags, ["product:42"])

    def test_nobody_there(self):
        with nodes([CONFIRMED]) as [node]:
            pass
        with self.assertRaisesRegex(freshet.PurgeFailed, "refused"):
            self.purge(freshet.Purges([node.url], timeout=0.01), "product:42")

    def test_many_tags_go_in_several_requests(self):
        with nodes([CONFIRMED]) as [node]:
            self.purge(freshet.Purges([node.url]), *(f"product:{i}" for i in range(600)))
            self.purge(freshet.Purges([node.url]), *(f"{i}:" + "x" * 1000 for i in range(20)))
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
            self.assertEqual(response.headers, {"Surrogate-Control": "no-store"})
        freshet.label(response := self.response(), dict.fromkeys(f"product:{i}" for i in range(256)))
        self.assertEqual(len(response.headers["Surrogate-Key"].split()), 256)

    def test_what_is_no_tag(self):
        for name in ("", "a b", "a,b", "ä", "x" * 1025, 42, None, "a\n"):
            with self.subTest(name), self.assertRaises(ValueError):
                freshet.tag(name, on=self.response())
            with self.subTest(name), self.assertRaises(ValueError):
                freshet.NoPurges().purge_after_commit(name)

    def test_without_a_request(self):
        with self.assertRaisesRegex(RuntimeError, "no request is under way"):
            freshet.tag("product:42")


if __name__ == "__main__":
    unittest.main()
