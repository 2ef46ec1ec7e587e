"""What teams get wrong, planted on purpose (SHOP_FAULT), so that `freshet validate` can be seen finding it. No part of an application."""

from threading import Timer
from time import sleep

WINDOW_SECONDS = 0.2


def plant(fault, app, purges):
    PLANTS[fault](app, purges)


def forget(_app, purges):
    """Prices are written and nobody is told."""
    queue = purges.purge_after_commit
    purges.purge_after_commit = lambda *tags, **how: queue(*(tag for tag in tags if not tag.startswith("price:")), **how)


def early(_app, purges):
    """Purges before the commit: what is fetched between the two is old, and stays."""

    def before_commit(_connection, queue):
        purges._send(queue)
        queue.clear()
        sleep(WINDOW_SECONDS)

    purges.before_commit = before_commit


def late(_app, purges):
    """Answers first and purges then: who reads in between sees what was there before."""
    send = purges._send

    def send_later(queue):
        Timer(WINDOW_SECONDS, send, [queue]).start()
        return {}

    purges._send = send_later


def few(app, _purges):
    """The list of products does not say which ones are in it."""
    rewrite(app, "/products", "Surrogate-Key", "products")


def public(app, _purges):
    """Prices are called the same for everybody; with `scope: public` in Freshet's configuration they are."""
    rewrite(app, "/price", "Cache-Control", "public, max-age=3600")


def rewrite(app, ending, field, value):
    inner = app.wsgi_app

    def outer(environ, start_response):
        def start(status, headers, *rest):
            if environ["PATH_INFO"].endswith(ending) and environ["REQUEST_METHOD"] == "GET":
                headers = [(name, held) for name, held in headers if name != field] + [(field, value)]
            return start_response(status, headers, *rest)

        return inner(environ, start)

    app.wsgi_app = outer


PLANTS = {"forget": forget, "early": early, "late": late, "few": few, "public": public}
