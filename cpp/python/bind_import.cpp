#include "python/bind.h"
#include "python/told.h"
#include "server/import.h"

#include <pybind11/stl.h>
#include <string>

namespace ocilot::python {

namespace {

using jobs::ImportCounts;
using jobs::LeftBehind;

class Teller final : public jobs::ImportWatcher {
  public:
    explicit Teller(py::function tell) : told(std::move(tell)) {}
    void left_behind(LeftBehind const& what) override { told.tell(what); }
    bool go_on() override { return told.go_on(); }

    Told told;
};

ImportCounts import_distribution(std::string const& root, py::function tell) {
    Teller teller(std::move(tell));
    auto done = [&] {
        py::gil_scoped_release const released;
        return server::import_data_directory(root, teller);
    }();
    teller.told.raise_again();
    return value_or_raise(std::move(done));
}

}  // namespace

void init_import(py::module_& module) {
    py::class_<LeftBehind>(module, "LeftBehind", "What was not taken over.")
        .def_readonly("repository", &LeftBehind::repository, "Whose it is.")
        .def_readonly("subject", &LeftBehind::subject, "Digest, tag or path; empty if it is the repository.")
        .def_readonly("message", &LeftBehind::message, "Why, and what to do.");
    py::class_<ImportCounts>(module, "ImportCounts", "What an import has looked at.")
        .def_readonly("repositories", &ImportCounts::repositories, "Repositories.")
        .def_readonly("blobs", &ImportCounts::blobs, "Blobs, once for each repository that holds them.")
        .def_readonly("manifests", &ImportCounts::manifests, "Manifests.")
        .def_readonly("tags", &ImportCounts::tags, "Tags.")
        .def_readonly("left_behind", &ImportCounts::left_behind, "What was not taken over.");
    module.def("import_distribution", &import_distribution, py::arg("root"), py::arg("tell"),
               "Takes over a data directory of distribution and calls `tell` with each LeftBehind.");
}

}  // namespace ocilot::python
