"""Takes a second to think about repositories below `slow/`, and allows everything."""

import time

from ocilot.hooks import Access, Allow


def authorize(access: Access) -> Allow:
    if (access.repository or "").startswith("slow/"):
        time.sleep(1)
    return Allow()
