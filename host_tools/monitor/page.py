"""The server of the page: Bokeh's, bound to this machine, with scripts of its own."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from host_tools.monitor.session import LOOK_SECONDS, Session
from host_tools.monitor.watched import Hub
from targets.errors import ExitCode, SafeError

ADDRESS = "127.0.0.1"
HOSTS = (ADDRESS, "localhost")
"""Names under which a browser may ask: a page from elsewhere cannot reach in."""


class PageError(SafeError):
    """The page cannot be served: its package is missing, or its port is taken."""

    exit_code = ExitCode.USAGE


def require() -> None:
    """Raise PageError when the page's package is not installed."""
    try:
        import bokeh.server.server  # noqa: F401
    except ImportError:
        raise PageError(
            "the page needs Bokeh: pip install 'safe-edge[monitor]' (./safe installs it), or give"
            " --headless"
        ) from None


def _export_handler(hub: Hub) -> type[Any]:
    """Return the handler of /export.csv: `device`, its number, and `from` and `to` in seconds."""
    from tornado.web import HTTPError, RequestHandler

    from host_tools.monitor.export import csv_text

    class Export(RequestHandler):  # type: ignore[misc]
        """A part of a history as a file."""

        def get(self) -> None:
            """Answer; 400 for what is no number, 404 for a device that is not there."""
            if self.request.host.rsplit(":", 1)[0] not in HOSTS:
                raise HTTPError(403)
            try:
                number = int(self.get_argument("device"))
                first, last = (float(self.get_argument(name)) for name in ("from", "to"))
            except ValueError:
                raise HTTPError(400) from None
            if not 0 <= number < len(hub.devices):
                raise HTTPError(404)
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", 'attachment; filename="monitor.csv"')
            self.write(csv_text(hub.devices[number], first, last))

    return Export


def serve(session: Session, port: int, tell: Callable[[str], None]) -> None:
    """Serve the page until the session's time is over, or it fails.

    Args:
        session: Started already.
        port: Of the page; 0: any free one.
        tell: Called with the address when the page can be opened.

    Raises:
        PageError: The port is taken.
        SafeError: What ended the session.
    """
    asyncio.run(_serve(session, port, tell))


async def _serve(session: Session, port: int, tell: Callable[[str], None]) -> None:
    from bokeh.application import Application
    from bokeh.application.handlers.function import FunctionHandler
    from bokeh.document import Document
    from bokeh.server.server import Server
    from bokeh.server.util import bind_sockets
    from tornado.ioloop import IOLoop

    from host_tools.monitor.document import Page
    from host_tools.monitor.template import TEMPLATE

    def open_page(document: Document) -> None:
        document.title = "SAFE monitor"
        document.template = TEMPLATE
        Page(session.hub, document)

    # A window that is closed while something is on its way to it is nothing to warn of.
    logging.getLogger("bokeh.server").setLevel(logging.ERROR)
    application = Application(FunctionHandler(open_page))
    try:
        sockets, port = bind_sockets(ADDRESS, port)
        for held in sockets:  # the server binds its own, and must know its name before
            held.close()
        server = Server(
            {"/": application},
            io_loop=IOLoop.current(),
            address=ADDRESS,
            port=port,
            allow_websocket_origin=[f"{host}:{port}" for host in HOSTS],
            extra_patterns=[(r"/export\.csv", _export_handler(session.hub))],
            check_unused_sessions_milliseconds=5000,
            unused_session_lifetime_milliseconds=15000,
        )
    except OSError as error:
        raise PageError(
            f"port {port} of {ADDRESS} cannot be taken ({error.strerror}): give --page-port 0 for a"
            " free one"
        ) from None
    server.start()
    tell(f"http://{ADDRESS}:{port}/")
    try:
        while session.look():
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        server.stop()
