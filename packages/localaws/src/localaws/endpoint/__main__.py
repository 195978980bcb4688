"""Serve the endpoint on 127.0.0.1 until it is told to end: python -m localaws.endpoint CONFIG."""

import logging
import signal
import sys
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from localaws.emr_serverless.api import EmrServerless
from localaws.endpoint.config import read_config
from localaws.endpoint.front import Front
from localaws.endpoint.moto_services import MotoServices
from localaws.endpoint.service import Service
from localaws.redshift_data.api import RedshiftData

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open, and logs no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main(argv: list[str]) -> int:
    """Serve until SIGTERM; then end the job runs and statements that still run."""
    config = read_config(Path(argv[0]))
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = MotoServices()
    emr = EmrServerless(config)
    services: list[Service] = [emr, RedshiftData(config)]
    front = Front(
        services,
        moto,
        access_key_id=config.access_key_id,
        pages={"dashboard": emr.show_dashboard},
    )
    server = make_server(HOST, config.port, front, threaded=True, request_handler=QuietHandler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.serve_forever()
    for service in services:
        service.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
