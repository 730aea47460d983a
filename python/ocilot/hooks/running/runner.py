"""Reads questions from the mailbox, calls the hooks, and sends the answers."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ocilot.hooks.decisions import LONGEST_REASON, Allow, Deny
from ocilot.hooks.loading.answers import WrongAnswer, checked, is_final
from ocilot.hooks.loading.points import POINTS, Family
from ocilot.hooks.values import Caller

from . import wire
from .calls import ActiveScript, Call, Link, OpenQuestion
from .failures import Failed, describe
from .generation import Generation
from .interrupt import HookStopped
from .mailbox import Mailbox, Question
from .thread_pool import ThreadPool

_SPARE = 2
_WAIT = 1.0


class Runner:
    """Runs the hooks of one generation after the other.

    Plain functions run in the threads that read questions. As soon as all of them are busy there is one more:
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
        self.socket = ""
        """The control socket of the registry, for what hooks do there."""
        self.clock = clock
        self.calls: dict[Call, None] = {}
        """Every running call. The first thread that removes a call owns its answer."""
        self.side: ThreadPool = ThreadPool("hooks-side")
        self.is_watched = True
        """Whether the watchdog checks the calls; if not it sleeps, and the next call wakes it."""
        self.wake: threading.Event = threading.Event()
        self.ending = ""
        """Why no call begins any more."""
        self._control = control
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._takers: set[threading.Thread] = set()
        self._busy: set[Call] = set()
        """Calls that run in a thread that took them."""

    def start(self) -> None:
        """Starts to read questions."""
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

    def handle(self, taken: Question) -> bool:
        """Asks the hooks one question; False if this thread was abandoned meanwhile."""
        id, point, deadline, about, request = taken
        if point not in POINTS:
            self._control(id, point)
            return True
        if POINTS[point].family is Family.EVENT:
            return self._tell(taken)
        while True:
            generation = self.generation
            chain = generation.chains.get(point)
            if chain is None:
                self.box.none(id)
                return True
            question = OpenQuestion(id, point, deadline, about, request, chain, generation.open)
            if generation is self.generation:
                return self.proceed(question, is_taker=True)
            # There is a new generation, and the old one may not have seen that it is still needed.
            question.close()

    def _tell(self, taken: Question) -> bool:
        """Tells the hooks of one script of an event; False if this thread was abandoned meanwhile."""
        id, point, deadline, (script, event), request = taken
        while True:
            generation = self.generation
            chain = generation.chain_of(point, script)
            if not chain:
                if chain is None:
                    self.box.fail(id, "the script is not in force", script)
                else:
                    self.box.none(id)
                return True
            about = wire.event_about(event, self.socket, chain[0].script.loaded.spec.caller)
            question = OpenQuestion(id, point, deadline, about, request, chain, generation.open)
            if generation is self.generation:
                return self.proceed(question, is_taker=True)
            question.close()  # As above.

    def proceed(self, question: OpenQuestion, *, is_taker: bool = False) -> bool:
        """Asks the hooks from where the question is, until one is final or answers later.

        False if the thread was abandoned meanwhile.
        """
        while (turn := question.next()) is not None:
            link, about = turn
            if self.ending:
                self.finish(question, Failed(self.ending), "")
                return True
            script, hook = link.script, link.hook
            if (denial := question.refusal(link)) is not None:
                self.finish(question, denial, script.name)
                return True
            call = Call(question, link, self.clock())
            refused = script.blocked() or script.admit(call)
            if refused == "wait":
                return True
            if refused:
                self._count(link, "refused", 0.0)
                # Queued questions would wait for a call that may not return.
                self.resume(script.turn(self.clock()))
                if self.settle(question, link, Failed(refused, "refused")):
                    return True
                continue
            self.calls[call] = None
            if not self.is_watched:
                self.wake.set()
            if script.worker is not None or hook.is_async:
                self._begin(call, about)
                return True
            outcome = self._run(call, about, is_taker=is_taker)
            if outcome is _LOST:
                return False
            if self.settle(question, link, outcome):
                return True
        self.finish(question, None, "")
        return True

    def settle(self, question: OpenQuestion, link: Link, outcome: Any) -> bool:
        """Accepts the answer of a hook; True if it decides the question."""
        family = link.hook.point.family
        if type(outcome) is Failed:
            if family is Family.ADMIT and link.script.lets_pass:
                fields = [
                    ("request_id", question.request),
                    ("script", link.script.name),
                    ("point", question.point),
                    ("reason", outcome.reason),
                ]
                self.box.log("warn", "hook failed, allowed by on_error: allow", fields)
                return False
        elif family is Family.RETAIN:
            for name in outcome:
                question.kept.setdefault(name, link.script.name)
            return False
        elif family is Family.IN_USE:
            repositories = link.script.loaded.spec.repositories
            named = (outcome, link.script.name, None if repositories is None else list(repositories))
            question.in_use.append(named)
            return False
        elif not is_final(family, outcome):
            return False
        self.finish(question, outcome, link.script.name)
        return True

    def finish(self, question: OpenQuestion, answer: Any, by: str) -> None:
        """Answers a question."""
        question.close()
        kind = type(answer)
        if answer is None:
            family = POINTS[question.point].family
            if family is Family.ADMIT:
                self.box.allow(question.id)
            elif family is Family.RETAIN:
                self.box.keep(question.id, list(question.kept.items()))
            elif family is Family.IN_USE:
                self.box.in_use(question.id, question.in_use)
            else:
                self.box.none(question.id)
        elif kind is Deny:
            self.box.deny(question.id, question.without_secrets(answer.reason)[:LONGEST_REASON], 0, by)
        elif kind is Allow:
            self.box.allow(question.id, _whole(answer.ttl), by)
        elif kind is Caller:
            self.box.caller(question.id, answer.name, sorted(answer.groups), answer.kind, answer.admin)
        else:
            self.box.fail(question.id, question.without_secrets(answer.reason), by)

    def later(self, call: Call, outcome: Any) -> None:
        """Accepts the answer of a call in another thread or process, unless it was abandoned."""
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

    def resume(self, question: OpenQuestion | None) -> None:
        """Continues a queued question."""
        if question is not None:
            self.side.submit(partial(self._go_through, question))

    def _go_through(self, question: OpenQuestion) -> None:
        try:
            self.proceed(question)
        except Exception as problem:
            self.finish(question, _broken(problem), "")

    def _go_on(self, call: Call, outcome: Any) -> None:
        if not self.settle(call.question, call.link, outcome):
            self.resume(call.question)

    def _run(self, call: Call, about: wire.About, *, is_taker: bool) -> Any:
        """Runs a plain function in this thread: its answer, Failed, or _LOST if it was abandoned."""
        link = call.link
        call.thread = threading.current_thread()
        outcome: Any
        is_mine = False
        try:
            try:
                if is_taker:
                    self._busy.add(call)
                    self._keep_spare()
                answer = link.hook.call(wire.VALUES[call.question.point](about))
                outcome = checked(link.hook.point, answer)
            except BaseException as problem:
                outcome = failed_by(problem, link.script)
            if os.getpid() != self._process:
                os._exit(1)  # The script has forked: the child has no registry to answer to.
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
        script = call.link.script
        try:
            if script.worker is not None:
                script.worker.begin(call.link.number, about, partial(self.later, call))
            elif script.loop is not None:
                value = wire.VALUES[call.question.point](about)
                script.loop.begin(call, partial(call.link.hook.call, value), partial(self._awaited, call))
        except Exception as problem:
            self.later(call, failed_by(problem, script))

    def _awaited(self, call: Call, answer: Any, problem: BaseException | None) -> None:
        outcome: Any
        try:
            if problem is not None:
                raise problem
            outcome = checked(call.link.hook.point, answer)
        except BaseException as raised:
            outcome = failed_by(raised, call.link.script)
        self.later(call, outcome)

    def _over(self, call: Call, outcome: Any) -> None:
        """A call is over: counts it, and lets in who waits for its place."""
        now = self.clock()
        seconds = now - call.began
        name = _outcome(outcome)
        self.resume(call.link.script.leave(call, name, seconds, now))
        self._count(call.link, name, seconds)

    def _count(self, link: Link, outcome: str, seconds: float) -> None:
        self.box.count(link.script.name, link.hook.point.name, outcome, seconds)

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


def failed_by(problem: BaseException, script: ActiveScript) -> Failed:
    """What a hook raised, as a failure."""
    if isinstance(problem, WrongAnswer):
        return Failed(str(problem))
    return Failed(f"it raised {describe(problem, script.file)}")


def _broken(problem: Exception) -> Failed:
    return Failed(f"hooks cannot be asked: {type(problem).__name__}: {problem}")


def _outcome(outcome: Any) -> str:
    if type(outcome) is Failed:
        return outcome.outcome
    return {Deny: "deny", Allow: "allow", Caller: "allow", tuple: "keep"}.get(type(outcome), "pass")


def _whole(ttl: float) -> int:
    """Whole seconds; 0 would mean as long as one likes."""
    return max(1, int(ttl)) if ttl else 0
