"""TLS in front of the embedded PostgreSQL, whose binaries have none: a server that forces it."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL's protocol, its 80877103
READ_BYTES = 65_536


@contextlib.contextmanager
def tls_door(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """Listen with a certificate for the server on a port, and give the door's own port.

    Who does not ask for TLS is sent away, and so is a client that does not trust the certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept_all, args=(listener, context, port), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def accept_all(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with contextlib.suppress(OSError):  # it was closed
        while True:
            client, _ = listener.accept()
            threading.Thread(target=answer, args=(client, context, port), daemon=True).start()


def answer(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with client, contextlib.suppress(OSError):  # a client that turns away is none of ours
        if client.recv(len(SSL_REQUEST), socket.MSG_WAITALL) != SSL_REQUEST:
            return
        client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", port)) as server,
        ):
            forward(inside, server)


def forward(inside: ssl.SSLSocket, server: socket.socket) -> None:
    """Bring bytes both ways until one side ends."""
    while True:
        ready = [inside] if inside.pending() else select.select([inside, server], [], [])[0]
        for source in ready:
            content = source.recv(READ_BYTES)
            if not content:
                return
            (server if source is inside else inside).sendall(content)
