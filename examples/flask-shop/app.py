"""A shop's API in Flask that Freshet may cache: docs/flask.md walks through it. `/usr/bin/python3 examples/flask-shop/app.py`, port 5000 or $PORT.

Products and stock are the same for everybody, prices depend on the tier in a token, orders and balances on whose token it is. Partners have
opaque keys instead, of which Freshet asks at /_scope. Whatever is written is purged after its commit and before its answer.
"""

import os

from flask import Flask, abort, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

import database
import tokens
from freshet import NoPurges, Outbox, PurgeFailed, Purges, tag, watch

SECRET = os.environ.get("SHOP_SECRET", "a-secret-for-examples-and-nothing-else")
LONG = "max-age=3600"
# Said of what is the same for everybody: without `public` an answer to a request with a token is not shared.
PUBLIC, SHORT = f"public, {LONG}", "public, max-age=2, stale-while-revalidate=10"


def purges_of(environment):
    """FRESHET_NODES names the Freshets that are told, `outbox` that the database tells them; without it nobody is."""
    nodes = environment.get("FRESHET_NODES", "").split()
    if nodes == ["outbox"]:
        return Outbox()
    return Purges(nodes, environment.get("FRESHET_PURGE_TOKEN")) if nodes else NoPurges()


app = Flask(__name__)
purges = purges_of(os.environ)
watch(app)


@app.before_request
def connect():
    g.db = database.Connection(database.url_of())


@app.teardown_request
def disconnect(_error):
    if "db" in g:
        g.db.close()


@app.errorhandler(HTTPException)
def refuse(error):
    return jsonify(error=error.description), error.code


@app.errorhandler(PurgeFailed)
def unpurged(error):
    """What was written stays written. What may be done twice may be sent again, and then it is purged; an order may not."""
    app.logger.error("written, but not purged: %s: %s", " ".join(error.tags), error)
    again = "; send it again" if request.method == "PUT" else ""
    return jsonify(error=f"written, but older answers may still be served{again}"), 503


def lasting(body, cache_control):
    response = jsonify(body)
    response.headers["Cache-Control"] = cache_control
    return response


def found(row):
    return abort(404, "there is no such thing") if row is None else row


def claims():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return tokens.verify(SECRET, token) or abort(401, "who are you?")


def admin():
    return claims()["sub"] == "root" or abort(403, "that is for root alone")


# Products: the same for everybody, until they are written.


@app.get("/products")
def list_products():
    tag("products")
    rows = g.db.all("SELECT id, name, category FROM products WHERE ? IN ('', category) ORDER BY id", request.args.get("category", ""))
    tag(*(f"product:{row['id']}" for row in rows))
    return lasting({"products": rows}, PUBLIC)


@app.get("/products/<int:product>")
def show_product(product):
    tag(f"product:{product}")
    row = found(g.db.one("SELECT id, name, category, version FROM products WHERE id = ?", product))
    tag(f"product:{product}", version=row["version"])
    return lasting(row, PUBLIC)


@app.post("/products")
def add_product():
    """What lists products has a new member: the tag of the list ends it, since no product in it has changed."""
    admin()
    body = request.json
    with purges.transaction(g.db) as db:
        row = db.one("INSERT INTO products (id, name, category) SELECT max(id) + 1, ?, ? FROM products RETURNING id", body["name"], body["category"])
        db.execute("INSERT INTO stock (product, units) VALUES (?, 0)", row["id"])
        for tier, cents in body["cents"].items():
            db.execute("INSERT INTO prices (product, tier, cents) VALUES (?, ?, ?)", row["id"], tier, cents)
        purges.purge_after_commit("products", "partner-prices", f"product:{row['id']}")
    return jsonify(row), 201


@app.put("/products/<int:product>")
def name_product(product):
    admin()
    with purges.transaction(g.db) as db:
        row = found(db.one("UPDATE products SET name = ?, version = version + 1 WHERE id = ? RETURNING id, name, version", request.json["name"], product))
        purges.purge_after_commit(f"product:{product}")
    return jsonify(row)


# Stock: changed by orders, and by a warehouse that tells nobody. A short life, and cheap to confirm.


@app.get("/products/<int:product>/stock")
def show_stock(product):
    tag(f"stock:{product}")
    response = lasting(found(g.db.one("SELECT product, units FROM stock WHERE product = ?", product)), SHORT)
    response.add_etag()
    return response.make_conditional(request)


@app.put("/products/<int:product>/stock")
def set_stock(product):
    admin()
    with purges.transaction(g.db) as db:
        row = found(db.one("UPDATE stock SET units = ? WHERE product = ? RETURNING product, units", request.json["units"], product))
        purges.purge_after_commit(f"stock:{product}")
    return jsonify(row)


# Prices: by the claim `tier`, or by the tier of a partner.


@app.get("/products/<int:product>/price")
def show_price(product):
    tag(f"price:{product}")
    row = found(g.db.one("SELECT product, tier, cents FROM prices WHERE product = ? AND tier = ?", product, claims()["tier"]))
    return lasting(row, LONG)


@app.put("/products/<int:product>/prices/<tier>")
def set_price(product, tier):
    admin()
    with purges.transaction(g.db) as db:
        sql = "UPDATE prices SET cents = ? WHERE product = ? AND tier = ? RETURNING product, tier, cents"
        row = found(db.one(sql, request.json["cents"], product, tier))
        purges.purge_after_commit(f"price:{product}")
    return jsonify(row)


def partner():
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return g.db.one("SELECT name, tier FROM partners WHERE key = ?", key)


@app.get("/_scope")
def scope():
    """What a partner's answers depend on. The tag ends it before its time."""
    row = partner() or {"name": "nobody", "tier": "none"}
    tag(f"partner:{row['name']}")
    response = make_response("", 204)
    response.headers.update({"Auth-Scope": f"tier {row['tier']}", "Cache-Control": "private, max-age=60"})
    return response


@app.get("/partner/prices")
def partner_prices():
    row = partner() or abort(401, "who are you?")
    rows = g.db.all("SELECT product, cents FROM prices WHERE tier = ? ORDER BY product", row["tier"])
    tag("partner-prices", *(f"price:{price['product']}" for price in rows))
    response = lasting({"prices": rows}, LONG)
    # Stated here too: should the two ever differ, the answer is not stored.
    response.headers["Auth-Scope"] = f"tier {row['tier']}"
    return response


@app.put("/partners/<name>/tier")
def set_partner_tier(name):
    admin()
    with purges.transaction(g.db) as db:
        row = found(db.one("UPDATE partners SET tier = ? WHERE name = ? RETURNING name, tier", request.json["tier"], name))
        purges.purge_after_commit(f"partner:{name}")
    return jsonify(row)


# What is one user's: by the claim `sub`.


@app.get("/me/balance")
def show_balance():
    sub = claims()["sub"]
    tag(f"user:{sub}:balance")
    return lasting(found(g.db.one("SELECT sub, cents FROM users WHERE sub = ?", sub)), f"private, {LONG}")


@app.get("/me/orders")
def list_orders():
    sub = claims()["sub"]
    tag(f"user:{sub}:orders")
    return lasting({"orders": g.db.all("SELECT id, product, units, note FROM orders WHERE sub = ? ORDER BY id DESC", sub)}, f"private, {LONG}")


@app.post("/me/orders")
def order():
    who, product, units = claims(), request.json["product"], request.json["units"]
    with purges.transaction(g.db) as db:
        price = found(db.one("SELECT cents FROM prices WHERE product = ? AND tier = ?", product, who["tier"]))
        if db.execute("UPDATE stock SET units = units - ? WHERE product = ? AND units >= ?", units, product, units).rowcount == 0:
            abort(409, "there are not so many")
        db.execute("UPDATE users SET cents = cents - ? WHERE sub = ?", units * price["cents"], who["sub"])
        sql = "INSERT INTO orders (sub, product, units, note) VALUES (?, ?, ?, ?) RETURNING id"
        row = db.one(sql, who["sub"], product, units, request.json.get("note", ""))
        purges.purge_after_commit(f"stock:{product}", f"user:{who['sub']}:orders", f"user:{who['sub']}:balance")
    return jsonify(row), 201


@app.put("/me/orders/<int:number>")
def note_order(number):
    sub = claims()["sub"]
    with purges.transaction(g.db) as db:
        found(db.one("UPDATE orders SET note = ? WHERE id = ? AND sub = ? RETURNING id", request.json["note"], number, sub))
        purges.purge_after_commit(f"user:{sub}:orders")
    return jsonify(id=number, note=request.json["note"])


@app.put("/users/<sub>/balance")
def set_balance(sub):
    admin()
    with purges.transaction(g.db) as db:
        row = found(db.one("UPDATE users SET cents = ? WHERE sub = ? RETURNING sub, cents", request.json["cents"], sub))
        purges.purge_after_commit(f"user:{sub}:balance")
    return jsonify(row)


@app.post("/login")
def log_in():
    """A token for whoever asks: this is an example."""
    row = found(g.db.one("SELECT sub, tier FROM users WHERE sub = ?", request.args.get("user", "")))
    return make_response(tokens.issue(SECRET, row))


def main():
    database.prepare(database.url_of())
    if os.environ.get("SHOP_FAULT"):
        import faults

        faults.plant(os.environ["SHOP_FAULT"], app, purges)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    server = make_server("127.0.0.1", int(os.environ.get("PORT", "5000")), app, threaded=True)
    print(f"the shop listens on http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
