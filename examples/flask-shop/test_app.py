"""What an application tests of its caching: which tags an answer has, and what a write purges. Needs Flask, and no Freshet."""

import os
import sqlite3
import tempfile
import unittest

FOLDER = tempfile.TemporaryDirectory()
os.environ["SHOP_DATABASE"] = os.path.join(FOLDER.name, "shop.sqlite")

from flask import Flask  # noqa: E402

import app as shop  # noqa: E402
import database  # noqa: E402
import freshet  # noqa: E402
import tokens  # noqa: E402


class Watching(unittest.TestCase):
    """What other parts of an application do beside the hooks of the helper."""

    def setUp(self):
        self.app = Flask(__name__)

    def test_a_request_inside_another_keeps_its_own_tags(self):
        freshet.watch(self.app)

        @self.app.get("/inner")
        def inner():
            freshet.tag("inner")
            return ""

        @self.app.get("/outer")
        def outer():
            freshet.tag("before")
            answer = self.app.test_client().get("/inner")
            freshet.tag("after")
            return answer.headers["Surrogate-Key"]

        answer = self.app.test_client().get("/outer")
        self.assertEqual((answer.text, answer.headers["Surrogate-Key"]), ("inner", "before after"))
        with self.assertRaisesRegex(RuntimeError, "no request is under way"):
            freshet.tag("later")

    def test_a_tag_that_comes_too_late_is_an_error(self):
        self.app.testing = True

        @self.app.after_request
        def late(response):
            freshet.tag("late")
            return response

        freshet.watch(self.app)
        self.app.get("/")(lambda: "")
        with self.assertRaisesRegex(RuntimeError, "its fields are written"):
            self.app.test_client().get("/")


class Caching(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        database.prepare(database.url_of())

    def setUp(self):
        self.client = shop.app.test_client()
        self.sent = shop.purges.sent  # NoPurges: no node is named
        self.sent.clear()

    def as_(self, sub, tier="gold"):
        return {"Authorization": "Bearer " + tokens.issue(shop.SECRET, {"sub": sub, "tier": tier})}

    def test_a_list_names_everything_in_it(self):
        answer = self.client.get("/products?category=coffee")
        self.assertEqual(answer.headers["Surrogate-Key"], "products product:3")

    def test_a_page_says_which_version_it_shows(self):
        self.assertEqual(self.client.get("/products/4").headers["Surrogate-Version"], "product:4=1")

    def test_a_write_purges_what_it_changed(self):
        self.client.put("/products/1", json={"name": "Keemun"}, headers=self.as_("root"))
        self.assertEqual(self.sent, [["product:1"]])

    def test_an_order_purges_three_things_at_once(self):
        self.client.post("/me/orders", json={"product": 2, "units": 1}, headers=self.as_("ada"))
        self.assertEqual(self.sent, [["stock:2", "user:ada:orders", "user:ada:balance"]])

    def test_an_order_that_is_refused_purges_nothing(self):
        answer = self.client.post("/me/orders", json={"product": 2, "units": 1000}, headers=self.as_("ada"))
        self.assertEqual((answer.status_code, self.sent), (409, []))

    def test_nobody_is_told_while_the_old_data_can_still_be_read(self):
        send = shop.purges._send
        seen = []
        shop.purges._send = lambda _queue: seen.extend(sqlite3.connect(database.url_of()).execute("SELECT units FROM stock WHERE product = 3"))
        try:
            self.client.put("/products/3/stock", json={"units": 7}, headers=self.as_("root"))
        finally:
            shop.purges._send = send
        self.assertEqual(seen, [(7,)])

    def test_tags_of_one_request_are_not_those_of_the_next(self):
        self.client.get("/products/1")
        self.assertEqual(self.client.get("/products/2/stock").headers["Surrogate-Key"], "stock:2")


if __name__ == "__main__":
    unittest.main()
