"""Copies of an image between two registries: this client beside skopeo and crane, as commands.

Each gets the same source and an empty destination of its own; both are ocilot, on the servers' core. They
copy in turns, each round another one first; each copies twice, and the second copy counts.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ocilot
from ocilot.client.drive import run
from ocilot.client.streams import of_bytes, of_file
from ocilot.oci import Descriptor, Digest, Manifest, digest_of
from ocilot.oci.media_types import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST

from .content import Blob
from .servers import Ocilot, Setup, free_port

LAYERS = 4
IMAGE = "bench/copied:v1"
_rounds = itertools.count()


class CopyFailed(Exception):
    """A client that did not copy; the message has its last words."""


def measured(data: Path, size: int) -> Iterator[dict[str, Any]]:
    """A sample for each client that is installed."""
    home = data / "run/copies"
    source = Ocilot(Setup(home / "source", home, free_port()))
    try:
        source.start()
        push(f"127.0.0.1:{source.port}", home, size)
        turns = list(clients().items())
        first = next(_rounds) % len(turns)
        for name, command in turns[first:] + turns[:first]:
            # What the one before has left in memory and on the disk does not count.
            one(home, source, command, size)
            yield {"server": name, **one(home, source, command, size)}
    finally:
        source.stop()
        shutil.rmtree(home, ignore_errors=True)


def clients() -> dict[str, Sequence[str]]:
    """Commands that copy, without their two arguments. crane is no package of Debian's."""
    ours = [str(Ocilot.program), "cp", "--progress", "none"]
    plain = ["--src-tls-verify=false", "--dest-tls-verify=false"]
    known = {
        "ocilot": ours,
        "skopeo": ["skopeo", "--insecure-policy", "copy", "--quiet", *plain],
        "crane": ["crane", "copy", "--insecure"],
    }
    return {name: words for name, words in known.items() if shutil.which(words[0])}


def one(home: Path, source: Ocilot, command: Sequence[str], size: int) -> dict[str, Any]:
    """One copy into an empty registry."""
    target = Ocilot(Setup(home / "target", home, free_port()))
    scheme = "docker://" if command[0] == "skopeo" else ""
    ends = [f"{scheme}127.0.0.1:{server.port}/{IMAGE}" for server in (source, target)]
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    try:
        target.start()
        os.sync()
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, *ends], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None, "made with a pipe"
        said = process.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise CopyFailed(f"{command[0]} ended with exit code {process.returncode}: {said[-500:]}")
        with ocilot.connect(f"http://127.0.0.1:{target.port}") as registry:
            registry.repository(IMAGE.partition(":")[0]).get("v1")
    finally:
        target.stop()
        shutil.rmtree(target.setup.root, ignore_errors=True)
    cpu = used.ru_utime + used.ru_stime
    return {
        "requests": 1,
        "errors": 0,
        "noisy": False,
        "seconds": seconds,
        "rate": 1 / seconds,
        "mb_s": size / 1e6 / seconds,
        "cpu_s": cpu,
        "cpu_us": cpu * 1e6,
        "rss": used.ru_maxrss * 1024,
    }


def push(host: str, home: Path, size: int) -> None:
    """An image of layers that do not compress."""
    with ocilot.connect(f"http://{host}") as registry:
        store = registry.repository(IMAGE.partition(":")[0]).store
        layers, diff_ids = [], []
        for number in range(LAYERS):
            blob, diff_id = layer(home / "layer", Blob(f"copied/{number}", size // LAYERS))
            run(store.put(blob, partial(of_file, str(home / "layer"), blob.size)))
            layers.append(blob.to_json())
            diff_ids.append(diff_id)
        platform = {"os": "linux", "architecture": "amd64"}
        config = json.dumps({**platform, "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode()
        described = Descriptor(OCI_CONFIG, digest_of(config), len(config))
        run(store.put(described, partial(of_bytes, config)))
        fields = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described.to_json(),
            "layers": layers,
        }
        run(store.put_manifest(Manifest.of(fields), "v1"))


def layer(path: Path, content: Blob) -> tuple[Descriptor, str]:
    """Writes a layer; its gzip stores what cannot be made shorter. Answers its descriptor and diff id."""
    plain = hashlib.sha256()
    with path.open("wb") as written, gzip.GzipFile("", "wb", 0, written, mtime=0) as packed:
        for chunk in content.chunks():
            plain.update(chunk)
            packed.write(chunk)
    with path.open("rb") as file:
        digest = Digest(f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}")
    return Descriptor(OCI_LAYER_GZIP, digest, path.stat().st_size), f"sha256:{plain.hexdigest()}"
