#pragma once

#include "base/result.h"

#include <pybind11/pybind11.h>
#include <type_traits>
#include <utility>

namespace ocilot::python {

namespace py = pybind11;

// One function a class or a table; each adds its own to the module.
void init_errors(py::module_& module);
void init_settings(py::module_& module);
void init_hookbox(py::module_& module);
void init_server(py::module_& module);
void init_protocol(py::module_& module);
void init_fsck(py::module_& module);
void init_import(py::module_& module);
void init_backup(py::module_& module);
void init_passwords(py::module_& module);
void init_repository_pattern(py::module_& module);
void init_gzip(py::module_& module);

/// Raises `_core.Error`, or its subclass for the code, with `code` set to the code's name.
[[noreturn]] void raise_error(Error const& error);

/// The value of a result, or a raised error. The GIL must be held.
template <class T>
T value_or_raise(Result<T> result) {
    if (result.has_error()) raise_error(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace ocilot::python
