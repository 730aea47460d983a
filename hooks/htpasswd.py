"""Users log in with the names and passwords of an htpasswd file. The file is read again when it changes.

`htpasswd -B FILE alice` sets a password. Only bcrypt, yescrypt and SHA-512 hashes are accepted.
"""

from dataclasses import dataclass, field
from pathlib import Path

from ocilot.hooks import Caller, Deny, Hook, Login, check_password, read_text


@dataclass
class Htpasswd(Hook):
    file: Path  # htpasswd file
    groups: tuple[str, ...] = ()  # groups of all users in the file
    _version: tuple[float, ...] = field(default=(), init=False)
    _hashes: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def start(self) -> None:
        """Fails at load, not at the first login, if the file is unreadable."""
        self.hashes()

    def authenticate(self, login: Login) -> Caller | Deny | None:
        hashes = self.hashes()
        # An unknown name takes as long as a known one: the time of an answer reveals no names.
        matches = check_password(login.password, hashes.get(login.name) or next(iter(hashes.values()), ""))
        if login.name not in hashes:
            return None
        return Caller(login.name, self.groups) if matches else Deny("wrong user name or password")

    def hashes(self) -> dict[str, str]:
        now = self.file.stat()
        version = (now.st_mtime_ns, now.st_size, now.st_ino)
        if version != self._version:
            lines = [
                line.split(":", 1)
                for line in read_text(self.file, "htpasswd file").splitlines()
                if ":" in line
            ]
            self._hashes = {name.strip(): hashed.strip() for name, hashed in lines if name[:1] != "#"}
            self._version = version
        return self._hashes
