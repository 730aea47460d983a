#pragma once

#include "python/bind.h"

#include <chrono>
#include <exception>
#include <pybind11/pybind11.h>
#include <utility>

namespace ocilot::python {

/// A Python function that is told of what a long run finds, which holds no GIL meanwhile. What the function
/// raises, or the user's ^C, ends the run.
class PythonCallback {
  public:
    explicit PythonCallback(py::function function) : function_(std::move(function)) {}

    template <class T>
    void invoke(T const& news) {
        if (raised_) return;
        py::gil_scoped_acquire const held;
        guarded([&] { function_(news); });
    }
    /// Whether the run shall go on. Looks at what the user types, now and then.
    bool should_continue() {
        auto const now = std::chrono::steady_clock::now();
        if (!raised_ && now - looked_at_ >= glance) {
            looked_at_ = now;
            py::gil_scoped_acquire const held;
            guarded([] {
                if (PyErr_CheckSignals() != 0) throw py::error_already_set();
            });
        }
        return !raised_;
    }
    [[nodiscard]] bool has_raised() const noexcept { return raised_ != nullptr; }
    /// With the GIL held.
    void raise_again() const {
        if (raised_) std::rethrow_exception(raised_);
    }

  private:
    static constexpr std::chrono::milliseconds glance{50};

    template <class Call>
    void guarded(Call call) {
        try {
            call();
        } catch (py::error_already_set const&) {
            raised_ = std::current_exception();
        }
    }

    py::function function_;
    std::exception_ptr raised_;
    std::chrono::steady_clock::time_point looked_at_{};
};

}  // namespace ocilot::python
