#include "python/bind.h"
#include "python/python_callback.h"
#include "server/fsck.h"

#include <pybind11/stl.h>
#include <string>

namespace ocilot::python {

namespace {

using jobs::FsckCounts;
using jobs::Problem;

class CallbackWatcher final : public jobs::FsckWatcher {
  public:
    explicit CallbackWatcher(py::function function) : callback(std::move(function)) {}
    void found(Problem const& problem) override { callback.invoke(problem); }
    bool should_continue() override { return callback.should_continue(); }

    PythonCallback callback;
};

FsckCounts fsck(std::string const& root, bool hash, py::function function) {
    CallbackWatcher watcher(std::move(function));
    auto checked = [&] {
        py::gil_scoped_release const released;
        return server::check_data_directory(root, hash, watcher);
    }();
    watcher.callback.raise_again();
    return value_or_raise(std::move(checked));
}

}  // namespace

void init_fsck(py::module_& module) {
    py::class_<Problem>(module, "Problem", "A difference between metadata and blobs.")
        .def_property_readonly(
            "kind", [](Problem const& self) { return jobs::to_string(self.finding); },
            "`wrong_digest` or so.")
        .def_property_readonly(
            "is_error", [](Problem const& self) { return jobs::is_error(self.finding); },
            "Whether it is an error; otherwise a note.")
        .def_readonly("subject", &Problem::subject, "Digest, tag, path or id.")
        .def_readonly("repository", &Problem::repository, "Empty if it belongs to none or to several.")
        .def_readonly("message", &Problem::message, "What is different, and what to do.");
    py::class_<FsckCounts>(module, "FsckCounts", "Counts of a check.")
        .def_readonly("blobs", &FsckCounts::blobs, "Blobs.")
        .def_readonly("bytes", &FsckCounts::bytes, "Bytes read and hashed.")
        .def_readonly("links", &FsckCounts::links, "Links of repositories to blobs.")
        .def_readonly("manifests", &FsckCounts::manifests, "Manifests.")
        .def_readonly("tags", &FsckCounts::tags, "Tags.")
        .def_readonly("uploads", &FsckCounts::uploads, "Uploads with bytes.")
        .def_readonly("errors", &FsckCounts::errors, "Errors.")
        .def_readonly("notes", &FsckCounts::notes, "Notes.");
    module.def("fsck", &fsck, py::arg("root"), py::arg("hash"), py::arg("tell"),
               "Compares metadata and blobs of a data directory and calls `tell` with each Problem.");
}

}  // namespace ocilot::python
