"""Sigstore bundles by the identity of a certificate. Needs `sigstore`.

The roots of trust are those of a file, or those of the public instance, which sigstore fetches.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ocilot import text_file
from ocilot.client.context import Signature
from ocilot.errors import ConfigError, InvalidReference, NetworkError, StorageError, Unsupported

from .documents import Invalid, statement_claims
from .finding import SIMPLE, Candidate


class Keyless:
    """Verifies bundles that an identity signed, such as a workflow or an e-mail address."""

    def __init__(
        self, identity: str, issuer: str, trusted_root: str | Path = "", verifier: Any = None
    ) -> None:
        """`trusted_root`: a file; empty: of the public instance. `verifier`: of sigstore, in place of both.

        Raises Unsupported, StorageError, InvalidReference, NetworkError.
        """
        try:
            self._models = importlib.import_module("sigstore.models")
            self._errors = importlib.import_module("sigstore.errors")
            verify = importlib.import_module("sigstore.verify")
            policy = importlib.import_module("sigstore.verify.policy")
        except ImportError:
            raise Unsupported(
                "verifying the identity of a signature needs sigstore", hint="pip install 'ocilot[sigstore]'"
            ) from None
        self._identity, self._issuer = identity, issuer
        self._policy = policy.Identity(identity=identity, issuer=issuer)
        if verifier is None and trusted_root:
            verifier = self._of_file(verify, trusted_root)
        self._verifier = verifier or self._of_public_instance(verify)

    def _of_file(self, verify: Any, path: str | Path) -> Any:
        try:
            text_file.read_bytes(path, "trusted root")
        except (ConfigError, ValueError) as problem:
            raise StorageError(str(problem)) from None
        try:
            return verify.Verifier(trusted_root=self._models.TrustedRoot.from_file(str(path)))
        except Exception as problem:
            raise InvalidReference(
                f"invalid trusted root {path}: expected a trusted_root.json of sigstore ({_line(problem)})"
            ) from None

    def _of_public_instance(self, verify: Any) -> Any:
        try:
            return verify.Verifier.production()
        except Exception as problem:
            raise NetworkError(f"cannot fetch sigstore's roots of trust: {_line(problem)}") from None

    def verify(self, candidate: Candidate) -> Signature:
        """The signature, if this identity made it for this digest. Raises Invalid."""
        if candidate.media_type == SIMPLE:
            raise Invalid("a signature of cosign 2 without a bundle: verify it with its key")
        try:
            bundle = self._models.Bundle.from_json(candidate.document)
            kind, payload = self._verifier.verify_dsse(bundle, self._policy)
        except self._errors.Error as problem:
            raise Invalid(_line(problem)) from None
        except Exception as problem:
            # Any client that pushes attaches bundles: an odd one does not hide a valid one beside it.
            raise Invalid(f"invalid bundle: {_line(problem)}") from None
        claims = statement_claims(kind, payload, candidate.subject)
        return Signature(candidate.subject, "identity", self._identity, self._issuer, claims)


def _line(problem: Exception) -> str:
    """What an exception of the library says, as the end of a sentence."""
    return " ".join(str(problem).split())[:200]
