#include "python/bind.h"
#include "python/python_callback.h"
#include "server/backup.h"

#include <pybind11/stl.h>
#include <string>

namespace ocilot::python {

namespace {

using server::BackupCounts;

class BackupCallbacks final : public server::BackupWatcher {
  public:
    BackupCallbacks(py::function found, py::function progress)
        : found_(std::move(found)), progress_(std::move(progress)) {}
    void found(jobs::Problem const& problem) override { found_.invoke(problem); }
    void progress(BackupCounts const& so_far) override { progress_.invoke(so_far); }
    bool should_continue() override { return !progress_.has_raised() && found_.should_continue(); }
    void raise_again() const {
        found_.raise_again();
        progress_.raise_again();
    }

  private:
    PythonCallback found_;
    PythonCallback progress_;
};

/// Calls `work` without the GIL.
template <class Work>
BackupCounts watched(py::function found, py::function progress, Work work) {
    BackupCallbacks watcher(std::move(found), std::move(progress));
    auto done = [&] {
        py::gil_scoped_release const released;
        return work(watcher);
    }();
    watcher.raise_again();
    return value_or_raise(std::move(done));
}

BackupCounts back_up(std::string const& root, std::string const& directory, py::function found,
                     py::function progress) {
    return watched(std::move(found), std::move(progress),
                   [&](auto& watcher) { return server::back_up(root, directory, watcher); });
}

BackupCounts check_backup(std::string const& directory, py::function found, py::function progress) {
    return watched(std::move(found), std::move(progress),
                   [&](auto& watcher) { return server::check_backup(directory, watcher); });
}

BackupCounts restore_backup(std::string const& directory, std::string const& root, py::function found,
                            py::function progress) {
    return watched(std::move(found), std::move(progress),
                   [&](auto& watcher) { return server::restore_backup(directory, root, watcher); });
}

}  // namespace

void init_backup(py::module_& module) {
    py::class_<BackupCounts>(module, "BackupCounts", "Counts of a backup, its check or a restore.")
        .def_readonly("blobs", &BackupCounts::blobs, "Blobs that the metadata name and the directory has.")
        .def_readonly("bytes", &BackupCounts::bytes, "Bytes of these blobs.")
        .def_readonly("linked", &BackupCounts::linked, "Blobs added as hard links.")
        .def_readonly("copied", &BackupCounts::copied, "Blobs added as copies.")
        .def_readonly("copied_bytes", &BackupCounts::copied_bytes, "Bytes of these copies.")
        .def_readonly("removed", &BackupCounts::removed, "Blobs removed from the backup.")
        .def_readonly("snapshots", &BackupCounts::snapshots, "Snapshots of the metadata.")
        .def_readonly("errors", &BackupCounts::errors, "Problems.");
    module.def("backup", &back_up, py::arg("root"), py::arg("directory"), py::arg("found"),
               py::arg("progress"), "Backs up a data directory; a registry may be running on it.");
    module.def("check_backup", &check_backup, py::arg("directory"), py::arg("found"), py::arg("progress"),
               "Reads every blob of a backup.");
    module.def("restore_backup", &restore_backup, py::arg("directory"), py::arg("root"), py::arg("found"),
               py::arg("progress"), "Makes a data directory from a backup.");
}

}  // namespace ocilot::python
