#include "python/bind.h"
#include "python/python_callback.h"
#include "server/import.h"

#include <pybind11/stl.h>
#include <string>

namespace ocilot::python {

namespace {

using jobs::ImportCounts;
using jobs::SkippedItem;

class CallbackWatcher final : public jobs::ImportWatcher {
  public:
    explicit CallbackWatcher(py::function function) : callback(std::move(function)) {}
    void skipped(SkippedItem const& what) override { callback.invoke(what); }
    bool should_continue() override { return callback.should_continue(); }

    PythonCallback callback;
};

ImportCounts import_distribution(std::string const& root, py::function function) {
    CallbackWatcher watcher(std::move(function));
    auto done = [&] {
        py::gil_scoped_release const released;
        return server::import_data_directory(root, watcher);
    }();
    watcher.callback.raise_again();
    return value_or_raise(std::move(done));
}

}  // namespace

void init_import(py::module_& module) {
    py::class_<SkippedItem>(module, "LeftBehind", "Item that was not imported.")
        .def_readonly("repository", &SkippedItem::repository, "Its repository.")
        .def_readonly("subject", &SkippedItem::subject, "Digest, tag or path; empty if it is the repository.")
        .def_readonly("message", &SkippedItem::message, "Why, and what to do.");
    py::class_<ImportCounts>(module, "ImportCounts", "Counts of an import.")
        .def_readonly("repositories", &ImportCounts::repositories, "Repositories.")
        .def_readonly("blobs", &ImportCounts::blobs, "Blobs, once for each repository that holds them.")
        .def_readonly("manifests", &ImportCounts::manifests, "Manifests.")
        .def_readonly("tags", &ImportCounts::tags, "Tags.")
        .def_readonly("left_behind", &ImportCounts::skipped, "Item that was not imported.");
    module.def("import_distribution", &import_distribution, py::arg("root"), py::arg("tell"),
               "Imports a data directory of distribution and calls `tell` with each LeftBehind.");
}

}  // namespace ocilot::python
