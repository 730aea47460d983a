"""Credentials: where they are looked for, and where a login is written."""

from .credential import ANONYMOUS, Auth, Credential, Token

__all__ = ["ANONYMOUS", "Auth", "Credential", "Token"]
