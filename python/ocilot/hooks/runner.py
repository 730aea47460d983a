"""Takes questions out of the mailbox, asks the hooks, puts the answers back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from . import wire
from .answers import WrongAnswer, checked, is_final
from .calls import Asked, Call, Failed, HookStopped, Link, said
from .decisions import LONGEST_REASON, Allow, Deny
from .mailbox import Mailbox, Question
from .points import POINTS, Family
from .seat import Seat
from .threads import Side
from .values import Caller

if TYPE_CHECKING:
    from .generation import Generation

_SPARE = 2
_WAIT = 1.0


class Runner:
    """Runs the hooks of one generation after the other.

    Plain functions run in the threads that take questions. As soon as all of them are busy there is one more:
    how many there are is bounded by what each script may have.
    """

    def __init__(
        self,
        box: Mailbox,
        generation: Generation,
        control: Callable[[int, str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.box = box
        self.generation = generation
        self.clock = clock
        self.calls: dict[Call, None] = {}
        """Every call that runs. Taking one out is how its answer is claimed, by whoever is first."""
        self.side = Side("hooks-side")
        self.is_watched = True
        """Whether the watchdog looks at the calls; if not it sleeps, and the next call wakes it."""
        self.wake = threading.Event()
        self.ending = ""
        """Why no call begins any more."""
        self._control = control
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._takers: set[threading.Thread] = set()
        self._busy: set[Call] = set()
        """Calls that run in a thread that took them."""

    def start(self) -> None:
        """Begins to take questions."""
        for _ in range(_SPARE):
            self._add_taker()

    def join(self, timeout: float) -> bool:
        """Waits for the threads after the mailbox was closed; False if some do not end."""
        until = time.monotonic() + timeout
        with self._lock:
            takers = list(self._takers)
        for taker in takers:
            taker.join(max(0.0, until - time.monotonic()))
        return not any(taker.is_alive() for taker in takers)

    def handle(self, question: Question) -> bool:
        """Asks the hooks one question; False if this thread has been given up meanwhile."""
        id, point, deadline, about = question
        if point not in POINTS:
            self._control(id, point)
            return True
        while True:
            generation = self.generation
            chain = generation.chains.get(point)
            if chain is None:
                self.box.none(id)
                return True
            asked = Asked(id, point, deadline, about, chain, generation)
            generation.open[asked] = None
            if generation is self.generation:
                return self.proceed(asked, is_taker=True)
            # There is a new generation, and the old one may not have seen that it is still needed.
            generation.open.pop(asked, None)

    def proceed(self, asked: Asked, *, is_taker: bool = False) -> bool:
        """Asks the hooks from where the question is, until one is final or answers later.

        False if the thread has been given up meanwhile.
        """
        while (turn := asked.next()) is not None:
            link, about = turn
            if self.ending:
                self.finish(asked, Failed(self.ending), "")
                return True
            seat, hook = link.seat, link.hook
            call = Call(asked, link, self.clock())
            refused = seat.blocked() or seat.admit(call)
            if refused == "wait":
                return True
            if refused:
                self._count(link, "refused", 0.0)
                # Whoever stands in line would wait for a call that may not come back.
                self.resume(seat.turn(self.clock()))
                if self.settle(asked, link, Failed(refused, "refused")):
                    return True
                continue
            self.calls[call] = None
            if not self.is_watched:
                self.wake.set()
            if seat.worker is not None or hook.is_async:
                self._begin(call, about)
                return True
            outcome = self._run(call, about, is_taker=is_taker)
            if outcome is _LOST:
                return False
            if self.settle(asked, link, outcome):
                return True
        self.finish(asked, None, "")
        return True

    def settle(self, asked: Asked, link: Link, outcome: Any) -> bool:
        """Takes a hook's answer; True if it is that of the question."""
        family = link.hook.point.family
        if type(outcome) is Failed:
            if family is Family.ADMIT and link.seat.lets_pass:
                fields = [("script", link.seat.name), ("point", asked.point), ("reason", outcome.reason)]
                self.box.log("warn", "a hook failed; it passes, as on_error: allow says", fields)
                return False
        elif not is_final(family, outcome):
            return False
        self.finish(asked, outcome, link.seat.name)
        return True

    def finish(self, asked: Asked, answer: Any, by: str) -> None:
        """Answers a question."""
        asked.generation.open.pop(asked, None)
        kind = type(answer)
        if answer is None:
            if POINTS[asked.point].family is Family.ADMIT:
                self.box.allow(asked.id)
            else:
                self.box.none(asked.id)
        elif kind is Deny:
            self.box.deny(asked.id, asked.without_secrets(answer.reason)[:LONGEST_REASON], 0, by)
        elif kind is Allow:
            self.box.allow(asked.id, _whole(answer.ttl), by)
        elif kind is Caller:
            self.box.caller(asked.id, answer.name, sorted(answer.groups), answer.kind, answer.admin)
        else:
            self.box.fail(asked.id, asked.without_secrets(answer.reason), by)

    def later(self, call: Call, outcome: Any) -> None:
        """Takes the answer of a call that has no thread of ours, unless it was given up."""
        if self.claim(call):
            self._over(call, outcome)
            self._go_on(call, outcome)

    def give_up(self, call: Call, failed: Failed) -> None:
        """Answers in place of a call that was claimed, and lets its thread, if it has one, go its way."""
        if call in self._busy:
            self._busy.discard(call)
            with self._lock:
                self._takers.discard(call.thread or threading.current_thread())
            self._keep_spare()
        self._over(call, failed)
        self._go_on(call, failed)

    def claim(self, call: Call) -> bool:
        """Whether the answer of a call is the claimer's."""
        return self.calls.pop(call, call) is None

    def resume(self, asked: Asked | None) -> None:
        """Goes on with a question that stood in line."""
        if asked is not None:
            self.side.submit(partial(self._go_through, asked))

    def _go_through(self, asked: Asked) -> None:
        try:
            self.proceed(asked)
        except Exception as problem:
            self.finish(asked, _broken(problem), "")

    def _go_on(self, call: Call, outcome: Any) -> None:
        if not self.settle(call.asked, call.link, outcome):
            self.resume(call.asked)

    def _run(self, call: Call, about: wire.About, *, is_taker: bool) -> Any:
        """Runs a plain function in this thread: its answer, Failed, or _LOST if it was given up."""
        link = call.link
        call.thread = threading.current_thread()
        outcome: Any
        is_mine = False
        try:
            try:
                if is_taker:
                    self._busy.add(call)
                    self._keep_spare()
                answer = link.hook.call(wire.VALUES[call.asked.point](about))
                outcome = checked(link.hook.point, answer)
            except BaseException as problem:
                outcome = failed_by(problem, link.seat)
            if os.getpid() != self._process:
                os._exit(
                    1
                )  # The script has forked: the child has nothing to say here, and nobody to hear it.
            is_mine = self.claim(call)
        finally:
            if not is_mine:
                call.end()
        if not is_mine:
            return _LOST
        self._busy.discard(call)
        self._over(call, outcome)
        return outcome

    def _begin(self, call: Call, about: wire.About) -> None:
        seat = call.link.seat
        try:
            if seat.worker is not None:
                seat.worker.begin(call, about, self.later)
            elif seat.loop is not None:
                seat.loop.begin(call, wire.VALUES[call.asked.point](about), self._awaited)
        except Exception as problem:
            self.later(call, failed_by(problem, seat))

    def _awaited(self, call: Call, answer: Any, problem: BaseException | None) -> None:
        outcome: Any
        try:
            if problem is not None:
                raise problem
            outcome = checked(call.link.hook.point, answer)
        except BaseException as raised:
            outcome = failed_by(raised, call.link.seat)
        self.later(call, outcome)

    def _over(self, call: Call, outcome: Any) -> None:
        """A call is over: counts it, and lets in who waits for its place."""
        now = self.clock()
        seconds = now - call.began
        name = _outcome(outcome)
        self.resume(call.link.seat.leave(call, name, seconds, now))
        self._count(call.link, name, seconds)

    def _count(self, link: Link, outcome: str, seconds: float) -> None:
        self.box.count(link.seat.name, link.hook.point.name, outcome, seconds)

    def _keep_spare(self) -> None:
        if len(self._busy) >= len(self._takers):
            self._add_taker()

    def _add_taker(self) -> None:
        taker = threading.Thread(target=self._take, name="hooks", daemon=True)
        with self._lock:
            self._takers.add(taker)
        taker.start()

    def _take(self) -> None:
        me = threading.current_thread()
        try:
            while not self.box.closed:
                question = self.box.take(_WAIT)
                if question is None:
                    if self._is_too_many(me):
                        return
                elif not self._safely(question):
                    return
        except HookStopped:
            pass  # It came a moment after the call it was meant for.
        finally:
            with self._lock:
                self._takers.discard(me)

    def _safely(self, question: Question) -> bool:
        # Nothing but a hook is known to raise; but a thread less would be a thread less for good.
        try:
            return self.handle(question)
        except Exception as problem:
            self.box.fail(question[0], _broken(problem).reason)
            return True

    def _is_too_many(self, me: threading.Thread) -> bool:
        with self._lock:
            if len(self._takers) - len(self._busy) <= _SPARE:
                return False
            self._takers.discard(me)
            return True


_LOST = object()


def failed_by(problem: BaseException, seat: Seat) -> Failed:
    """What a hook raised, as a failure."""
    if isinstance(problem, WrongAnswer):
        return Failed(str(problem))
    return Failed(f"it raised {said(problem, seat.file)}")


def _broken(problem: Exception) -> Failed:
    return Failed(f"hooks cannot be asked: {type(problem).__name__}: {problem}")


def _outcome(outcome: Any) -> str:
    if type(outcome) is Failed:
        return outcome.outcome
    return {Deny: "deny", Allow: "allow", Caller: "allow"}.get(type(outcome), "pass")


def _whole(ttl: float) -> int:
    """Whole seconds; 0 would mean as long as one likes."""
    return max(1, int(ttl)) if ttl else 0
