#include "python/bind.h"
#include "server/fsck.h"

#include <chrono>
#include <exception>
#include <pybind11/stl.h>
#include <string>

namespace ocilot::python {

namespace {

using jobs::FsckCounts;
using jobs::Problem;

constexpr std::chrono::milliseconds glance{50};  // Between two looks at what the user types.

/// Tells Python; what it raises, or the user's ^C, ends the check.
class Teller final : public jobs::FsckWatcher {
  public:
    explicit Teller(py::function tell) : tell_(std::move(tell)) {}

    void found(Problem const& problem) override {
        if (raised_) return;
        py::gil_scoped_acquire const held;
        guarded([&] { tell_(problem); });
    }
    bool go_on() override {
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
    /// With the GIL held.
    void raise_again() const {
        if (raised_) std::rethrow_exception(raised_);
    }

  private:
    template <class Call>
    void guarded(Call call) {
        try {
            call();
        } catch (py::error_already_set const&) {
            raised_ = std::current_exception();
        }
    }

    py::function tell_;
    std::exception_ptr raised_;
    std::chrono::steady_clock::time_point looked_at_{};
};

FsckCounts fsck(std::string const& root, bool hash, py::function tell) {
    Teller teller(std::move(tell));
    auto checked = [&] {
        py::gil_scoped_release const released;
        return server::check_data_directory(root, hash, teller);
    }();
    teller.raise_again();
    return value_or_raise(std::move(checked));
}

}  // namespace

void init_fsck(py::module_& module) {
    py::class_<Problem>(module, "Problem", "A difference between facts and bytes.")
        .def_property_readonly(
            "kind", [](Problem const& self) { return jobs::to_string(self.finding); },
            "`wrong_digest` or so.")
        .def_property_readonly(
            "is_error", [](Problem const& self) { return jobs::is_error(self.finding); },
            "Whether it is wrong, or only worth knowing.")
        .def_readonly("subject", &Problem::subject, "Digest, tag, path or id.")
        .def_readonly("repository", &Problem::repository, "Empty if it is of none or of several.")
        .def_readonly("message", &Problem::message, "What is different, and what to do.");
    py::class_<FsckCounts>(module, "FsckCounts", "What a check has looked at.")
        .def_readonly("blobs", &FsckCounts::blobs, "Blobs.")
        .def_readonly("bytes", &FsckCounts::bytes, "Bytes that were read and hashed.")
        .def_readonly("links", &FsckCounts::links, "Links of repositories to blobs.")
        .def_readonly("manifests", &FsckCounts::manifests, "Manifests.")
        .def_readonly("tags", &FsckCounts::tags, "Tags.")
        .def_readonly("uploads", &FsckCounts::uploads, "Uploads with bytes.")
        .def_readonly("errors", &FsckCounts::errors, "Differences that are wrong.")
        .def_readonly("notes", &FsckCounts::notes, "Differences that are only worth knowing.");
    module.def("fsck", &fsck, py::arg("root"), py::arg("hash"), py::arg("tell"),
               "Compares facts and bytes of a data directory and calls `tell` with each Problem.");
}

}  // namespace ocilot::python
