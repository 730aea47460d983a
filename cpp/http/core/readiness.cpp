#include "http/core/readiness.h"

#include <utility>

namespace ocilot::http {

namespace {

Counter& probes(Metrics& metrics, std::string_view result) {
    return metrics.counter("ocilot_readiness_probes_total", "Probes of the stores for /readyz.",
                           {{"result", std::string(result)}});
}

/// Ends a probe however it ends: those who wait for it are woken.
template <class Finish>
class Ended {
  public:
    Ended(Probe& probe, Finish finish) : probe_(probe), finish_(std::move(finish)) {}
    ~Ended() { finish_(probe_); }
    Ended(Ended const&) = delete;
    Ended& operator=(Ended const&) = delete;

  private:
    Probe& probe_;
    Finish finish_;
};

}  // namespace

Readiness::Readiness(registry::Registry& registry, Metrics& metrics)
    : registry_(registry), ready_(probes(metrics, "ready")), failed_(probes(metrics, "failed")) {}

std::optional<Probe> Readiness::known(Time now) {
    // A clock that was set back makes neither a probe fresh nor one that runs a late one.
    if (last_ && last_->trouble.empty() && last_->at <= now && now - last_->at < fresh) return last_;
    if (running_since_ && now - *running_since_ >= patience) {
        return Probe{*running_since_, "probe of the stores still running"};
    }
    return std::nullopt;
}

Task<Probe> Readiness::probe() {
    Probe made{registry_.clock.now(), "probe of the stores aborted"};
    bool runs = false;
    {
        std::lock_guard const lock(mutex_);
        if (auto const already = known(made.at)) co_return *already;
        runs = running_since_.has_value();
        if (!runs) running_since_ = made.at;
    }
    if (runs) {
        co_return co_await suspend<Probe>([this](Resume<Probe> resume) {
            std::unique_lock lock(mutex_);
            if (running_since_) return waiting_.push_back(std::move(resume));
            auto const found = *last_;
            lock.unlock();
            resume(found);
        });
    }
    Ended const ended(made, [this](Probe const& probe) { finish(probe); });
    co_await look(made);
    co_return made;
}

Task<> Readiness::look(Probe& probe) {
    auto const is_full = [](Result<> const& answer) {
        return answer.has_error() && answer.error().code == Errc::no_space;
    };
    auto const blobs = co_await registry_.blobs.check();
    auto const facts = co_await registry_.meta.check();
    probe.full = is_full(blobs) || is_full(facts);
    if (blobs.has_error() && !is_full(blobs)) {
        probe.trouble = "the blob store does not answer";
    } else if (facts.has_error() && !is_full(facts)) {
        probe.trouble = "the metadata store does not answer";
    } else {
        probe.trouble = {};
    }
}

void Readiness::finish(Probe probe) {
    (probe.trouble.empty() ? ready_ : failed_).add();
    std::unique_lock lock(mutex_);
    last_ = probe;
    running_since_.reset();
    auto waiting = std::exchange(waiting_, {});
    lock.unlock();
    for (auto& resume : waiting) resume(probe);
}

}  // namespace ocilot::http
