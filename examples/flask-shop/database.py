"""The shop's data: SQLite by default (a file), or PostgreSQL by psycopg2. One connection a request; the SQL is that of both."""

import os
import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS prices (product INTEGER NOT NULL, tier TEXT NOT NULL, cents INTEGER NOT NULL, PRIMARY KEY (product, tier));
CREATE TABLE IF NOT EXISTS stock (product INTEGER PRIMARY KEY, units INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS users (sub TEXT PRIMARY KEY, tier TEXT NOT NULL, cents INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS partners (key TEXT PRIMARY KEY, name TEXT NOT NULL, tier TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id {serial}, sub TEXT NOT NULL, product INTEGER NOT NULL, units INTEGER NOT NULL, note TEXT NOT NULL)
"""

PRODUCTS = [(1, "Assam", "tea"), (2, "Darjeeling", "tea"), (3, "Yirgacheffe", "coffee"), (4, "Sencha", "tea")]
CENTS = {"gold": 900, "basic": 1250}
USERS = [("ada", "gold"), ("bob", "gold"), ("eve", "basic"), ("root", "basic")]
PARTNERS = [("key-of-acme", "acme", "gold"), ("key-of-bolt", "bolt", "basic")]


class Connection:
    """One of either database, with `?` in its SQL and rows that are dicts."""

    def __init__(self, url):
        self.is_postgres = url.startswith("postgres")
        if self.is_postgres:
            import psycopg2

            self._raw = psycopg2.connect(url)
        else:
            self._raw = sqlite3.connect(url, timeout=10)
        self.commit, self.rollback, self.close, self.cursor = self._raw.commit, self._raw.rollback, self._raw.close, self._raw.cursor

    def all(self, sql, *values):
        cursor = self.execute(sql, *values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def one(self, sql, *values):
        return next(iter(self.all(sql, *values)), None)

    def execute(self, sql, *values):
        cursor = self.cursor()
        cursor.execute(sql.replace("?", "%s") if self.is_postgres else sql, values)
        return cursor


def prepare(url):
    """Makes the tables and what is in them, where they are not there yet."""
    connection = Connection(url)
    if not connection.is_postgres:
        connection.execute("PRAGMA journal_mode = WAL")
    serial = "SERIAL PRIMARY KEY" if connection.is_postgres else "INTEGER PRIMARY KEY"
    for statement in SCHEMA.format(serial=serial).split(";"):
        connection.execute(statement)
    if connection.one("SELECT id FROM products LIMIT 1") is None:
        fill(connection)
    connection.commit()
    connection.close()


def fill(connection):
    for product in PRODUCTS:
        connection.execute("INSERT INTO products (id, name, category) VALUES (?, ?, ?)", *product)
        connection.execute("INSERT INTO stock (product, units) VALUES (?, ?)", product[0], 100)
        for tier, cents in CENTS.items():
            connection.execute("INSERT INTO prices (product, tier, cents) VALUES (?, ?, ?)", product[0], tier, cents)
    for sub, tier in USERS:
        connection.execute("INSERT INTO users (sub, tier, cents) VALUES (?, ?, ?)", sub, tier, 10_000)
    for number, (sub, _) in enumerate(USERS, 1):
        connection.execute("INSERT INTO orders (sub, product, units, note) VALUES (?, ?, ?, ?)", sub, number, 1, "")
    for partner in PARTNERS:
        connection.execute("INSERT INTO partners (key, name, tier) VALUES (?, ?, ?)", *partner)


def url_of(environment=os.environ):
    return environment.get("SHOP_DATABASE", "shop.sqlite")
