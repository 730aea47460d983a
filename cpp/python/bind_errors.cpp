#include "python/bind.h"

#include <string>

namespace ocilot::python {

void init_errors(py::module_& module) {
    py::exception<struct ErrorTag> error(module, "Error");
    error.doc() = "Failed operation: one sentence with what failed, why, and what to do.";
    error.attr("code") = std::string(to_string(Errc::internal));
    py::exception<struct ConfigErrorTag> config_error(module, "ConfigError", error);
    config_error.doc() = "The configuration or the environment does not allow a start.";
    config_error.attr("code") = std::string(to_string(Errc::config));
}

void raise_error(Error const& error) {
    auto const module = py::module_::import("ocilot._core");
    py::object const type = module.attr(error.code == Errc::config ? "ConfigError" : "Error");
    py::object const exception = type(error.message);
    exception.attr("code") = std::string(to_string(error.code));
    PyErr_SetObject(type.ptr(), exception.ptr());
    throw py::error_already_set();
}

}  // namespace ocilot::python
