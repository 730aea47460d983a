"""The most that one core can do for a pushed blob: receive, SHA-256, write and sync, without a protocol.

The receiver runs on the server's core, the sender on the client's: `python -m tests.bench.limit DIRECTORY
BYTES` prints the receiver's figures as JSON. Buffers are 256 KiB: Python is one part in a thousand of it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .servers import CLIENT_CPU, SERVER_CPU

PIECE = 256 * 1024


def send(connection: socket.socket, size: int) -> None:
    piece = os.urandom(PIECE)
    while size > 0:
        connection.sendall(piece[:size] if size < PIECE else piece)
        size -= PIECE
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def receive(connection: socket.socket, directory: str) -> dict[str, float]:
    buffer = memoryview(bytearray(PIECE))
    running, size = hashlib.sha256(), 0
    began, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        while count := connection.recv_into(buffer):
            running.update(buffer[:count])
            file.write(buffer[:count])
            size += count
        os.fsync(file.fileno())
        seconds = time.monotonic() - began
    return {
        "bytes": size,
        "seconds": seconds,
        "mb_s": size / 1e6 / seconds,
        "cpu_s": time.process_time() - cpu,
    }


def main(directory: str, size: int) -> None:
    """One transfer over loopback, between two processes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        if os.fork() == 0:
            os.sched_setaffinity(0, {CLIENT_CPU})
            with socket.create_connection(listening.getsockname()) as connection:
                send(connection, size)
            os._exit(0)
        os.sched_setaffinity(0, {SERVER_CPU})
        connection, _ = listening.accept()
        with connection:
            print(json.dumps(receive(connection, directory)))
        os.wait()


def measured(directory: Path, size: int) -> dict[str, float]:
    """The same in processes of its own, as a sample of the bench."""
    words = [sys.executable, "-m", "tests.bench.limit", str(directory), str(size)]
    ran = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    rate = {"rate": 1 / found["seconds"], "cpu_us": found["cpu_s"] * 1e6}
    return {**found, **rate, "requests": 1, "errors": 0, "noisy": 0}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
