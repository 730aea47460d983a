"""People log in with the names and passwords of an htpasswd file, which is read again when it changes.

`htpasswd -B FILE alice` sets a password. Hashes other than bcrypt, yescrypt and SHA-512 fit no password.
"""

from dataclasses import dataclass, field
from pathlib import Path

from ocilot.hooks import Caller, Deny, Hook, Login, check_password, read_text


@dataclass
class Htpasswd(Hook):
    file: Path  # the htpasswd file
    groups: tuple[str, ...] = ()  # the groups of everybody in the file
    _version: tuple[float, ...] = field(default=(), init=False)
    _hashes: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def start(self) -> None:
        """A file that cannot be read is found when the script is loaded, not at the first login."""
        self.hashes()

    def authenticate(self, login: Login) -> Caller | Deny | None:
        hashes = self.hashes()
        # An unknown name takes as long as a known one, so that the time tells nobody which names there are.
        fits = check_password(login.password, hashes.get(login.name) or next(iter(hashes.values()), ""))
        if login.name not in hashes:
            return None
        return Caller(login.name, self.groups) if fits else Deny("the name or the password is wrong")

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
