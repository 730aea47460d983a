"""A server that answers as the API of Kubernetes does."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme


def pod(*images: str, running: str = "") -> dict[str, Any]:
    """A pod as the API lists it, as far as images are concerned."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    states = [{"name": one["name"], "image": one["image"], "imageID": running} for one in containers]
    return {
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"containers": containers[:1], "initContainers": containers[1:]},
        "status": {"phase": "Running", "containerStatuses": states[:1]},
    }


class Kubernetes:
    """Lists pods over HTTPS in pages, to who has the token."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        self.account = directory / "account"
        self.account.mkdir()
        authority.cert_pem.write_to_path(self.account / "ca.crt")
        self.set_token("secret-token")
        self.pods: list[dict[str, Any]] = []
        self.asked = 0
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def set_token(self, token: str) -> None:
        (self.account / "token").write_text(token)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        if request.headers["Authorization"] != "Bearer secret-token":
            status, body = 401, {"kind": "Status", "code": 401}
        elif url.path != "/api/v1/pods":
            status, body = 404, {"kind": "Status", "code": 404}
        else:
            begin, size = int(query.get("continue", ["0"])[0]), 2
            end = begin + size
            more = {"continue": str(end)} if end < len(self.pods) else {}
            items = self.pods[begin:end]
            status, body = 200, {"kind": "PodList", "apiVersion": "v1", "metadata": more, "items": items}
        content = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
