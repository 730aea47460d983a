"""Plans of what the administration API removes: shown first, carried out by `apply`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ocilot.client.pages import Walk
from ocilot.client.plan import Applied, Item
from ocilot.client.steps import Steps, sleep
from ocilot.counting import counted
from ocilot.display import size
from ocilot.errors import Conflict, NotFound, PartialError, RegistryError

from .calls import Calls, omit, part
from .types import (
    ApplyRound,
    CollectionPlan,
    Job,
    PlannedRemoval,
    Repository,
    RetentionPlan,
    RetentionRow,
    StartedRound,
)

SHOWN: Final = 1000
"""Removals that a plan of the garbage collection lists."""
SECONDS: Final = 0.2
"""Between two requests for the state of a job."""


class Planned(NamedTuple):
    """What a `Plan` is made of."""

    where: str
    removes: tuple[Item, ...]
    keeps: tuple[Item, ...]
    carry_out: Callable[[], Steps[Applied]]
    summary: str
    record: CollectionPlan | RetentionPlan | Repository


def collection(calls: Calls, now: bool | None, n: int | None) -> Steps[Planned]:
    """What a round of the garbage collection would remove."""
    query = {"now": now, "n": SHOWN if n is None else n}

    def asked() -> Steps[CollectionPlan]:
        return (yield from calls.one(CollectionPlan, "GET", "/api/v1/gc/plan", query))

    plan = yield from asked()
    items = tuple(_removal(one) for one in plan.removals)

    def carry_out() -> Steps[Applied]:
        # A round that runs already may have passed what is new.
        while True:
            started = yield from calls.one(StartedRound, "POST", "/api/v1/gc/run", {"now": now})
            yield from _ended(calls, "collect-garbage", started.round)
            if not started.already_running:
                break
        left = {(one.repository, one.digest) for one in (yield from asked()).removals}
        gone = zip(plan.removals, items, strict=True)
        return Applied(tuple(item for one, item in gone if (one.repository, one.digest) not in left))

    more = ", and there are more" if plan.more else ""
    return Planned(
        f"{calls.host} (garbage collection)",
        items,
        (),
        carry_out,
        f"{counted(len(items), 'removal')}, {size(plan.bytes)} become free{more}",
        plan,
    )


def _removal(one: PlannedRemoval) -> Item:
    note = "" if one.size is None else size(one.size)
    return Item(one.kind, one.repository or str(one.digest), one.digest, note)


def retention(calls: Calls, policies: Sequence[Mapping[str, Any]] | None) -> Steps[Planned]:
    """What retention would delete; the registry keeps the plan."""
    plan = yield from calls.one(
        RetentionPlan, "POST", "/api/v1/retention/plan", None, {"policies": omit(policies)}
    )
    pages = calls.pages(
        RetentionRow, f"/api/v1/retention/plans/{plan.id}", "rows", {"verdict": "delete"}, sized=False
    )
    items: list[Item] = []
    after, walk = "", Walk(f"rows of plan {plan.id}")
    while True:
        page = yield from pages(after)
        walk.begin(page)
        items += [_deletion(row) for row in page.items]
        after = walk.go_on(page)
        if not after:
            break

    def carry_out() -> Steps[Applied]:
        return (yield from _applied(calls, plan.id, tuple(items)))

    return Planned(
        f"{calls.host} (retention, plan {plan.id})",
        tuple(items),
        (),
        carry_out,
        f"{plan.delete.tags} of {counted(plan.tags, 'tag')} and "
        f"{counted(plan.delete.manifests, 'manifest')} of {counted(plan.repositories, 'repository')}, "
        f"{size(plan.bytes)} become free",
        plan,
    )


def _deletion(row: RetentionRow) -> Item:
    kind, separator = ("manifest", "@") if row.tag is None else ("tag", ":")
    return Item(kind, f"{row.repository}{separator}{row.tag or row.digest}", row.digest, row.why)


def _applied(calls: Calls, number: int, items: tuple[Item, ...]) -> Steps[Applied]:
    """Deletes all of it, or nothing if a row has changed. Raises Conflict, PartialError."""
    # Who applies it a second time has what was wanted already.
    plan = yield from _retention_plan(calls, number)
    if plan.state == "applied":
        return Applied((), items)
    members = {"plan": number, "exact": True}
    started = yield from calls.one(ApplyRound, "POST", "/api/v1/retention/apply", None, members)
    yield from _ended(calls, "apply-retention", started.round)
    plan = yield from _retention_plan(calls, number)
    if plan.applied is None or plan.applied.skipped:
        rows = counted(plan.applied.skipped, "row") if plan.applied else ""
        changed = f"{rows} changed meanwhile" if rows else plan.error or plan.state
        raise Conflict(f"plan {number} of {calls.host} was not applied: {changed}", hint="make a new plan")
    if plan.applied.denied:
        raise PartialError(
            f"plan {number} of {calls.host} was applied without {counted(plan.applied.denied, 'row')}: "
            "denied by a hook",
            result=plan.applied,
        )
    return Applied(items)


def _retention_plan(calls: Calls, number: int) -> Steps[RetentionPlan]:
    return (yield from calls.one(RetentionPlan, "GET", f"/api/v1/retention/plans/{number}"))


def repository(calls: Calls, name: str) -> Steps[Planned]:
    """What goes with a repository. Its content can be restored during the grace period."""
    path = f"/api/v1/repositories/{part(name, 'name')}/"
    found = yield from calls.one(Repository, "GET", path)
    note = f"{counted(found.tags, 'tag')}, {counted(found.manifests, 'manifest')}, {size(found.bytes)}"
    item = Item("repository", name, None, note)

    def carry_out() -> Steps[Applied]:
        try:
            yield from calls.one(Repository, "DELETE", path)
        except NotFound:
            return Applied((), (item,))
        return Applied((item,))

    return Planned(calls.host, (item,), (), carry_out, "", found)


def _ended(calls: Calls, name: str, wanted: int) -> Steps[None]:
    """Waits for the end of a round of a job. Raises RegistryError if it failed, Conflict if cancelled."""
    while True:
        job = yield from calls.one(Job, "GET", f"/api/v1/jobs/{name}")
        if job.rounds >= wanted:
            break
        yield from sleep(SECONDS)
    if job.last is None or job.last.outcome == "ok":
        return
    text = f"job {name} of {calls.host}"
    if job.last.outcome == "failed":
        raise RegistryError(f"{text} failed: {job.last.error}")
    raise Conflict(f"{text} was {job.last.outcome}", hint="apply the plan again")
