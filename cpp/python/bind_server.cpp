#include "hookbox/hook_box.h"
#include "python/bind.h"
#include "server/server.h"

#include <memory>
#include <pybind11/stl.h>
#include <string>
#include <utility>

namespace ocilot::python {

using server::Server;
using server::Settings;

namespace {

std::unique_ptr<Server> start(Settings const& settings) {
    auto started = [&] {
        py::gil_scoped_release const released;
        return Server::start(settings);
    }();
    return value_or_raise(std::move(started));
}

void reload_access(Server& server, Settings const& settings) {
    auto reloaded = [&] {
        py::gil_scoped_release const released;
        return server.reload_access(settings.auth.access);
    }();
    value_or_raise(std::move(reloaded));
}

void reload_tls(Server& server) {
    auto reloaded = [&] {
        py::gil_scoped_release const released;
        return server.reload_tls();
    }();
    value_or_raise(std::move(reloaded));
}

}  // namespace

void init_server(py::module_& module) {
    py::class_<Server>(module, "Server", "A running registry, with its own threads.",
                       py::release_gil_before_calling_cpp_dtor())
        .def_static(
            "start", &start, py::arg("settings"),
            "Opens store and sockets, and serves. Raises ConfigError if the settings do not allow it.")
        .def_property_readonly("address", &Server::address, "Host and port really bound.")
        .def_property_readonly("port", &Server::port, "Port really bound.")
        .def_property_readonly("debug_address", &Server::debug_address,
                               "Same for the debug address; empty without.")
        .def_property_readonly("control_socket", &Server::control_socket,
                               "Path of the control socket; empty without.")
        .def_property_readonly("root", &Server::root, "Absolute data directory; empty for one in memory.")
        .def_property_readonly("hooks", &Server::hooks, py::return_value_policy::reference_internal,
                               "Where the questions to hooks wait; keeps the server alive.")
        .def("has_accounts", &Server::has_accounts, py::call_guard<py::gil_scoped_release>(),
             "Whether the metadata have accounts, in force or not; None if they cannot be read.")
        .def("reload_tls", &reload_tls,
             "Reads certificate and key again. Raises ConfigError if they do not fit; the old ones stay in "
             "force.")
        .def("reload_access", &reload_access, py::arg("settings"),
             "Puts the rules and groups of these settings in force. Raises ConfigError if they are none; the "
             "old ones stay in force.")
        .def("note_failed_reload", &Server::note_failed_reload, py::arg("reason"),
             "Notes in log and metrics why the rules could not even be read.")
        .def("print", &Server::print, py::arg("text"),
             "Writes to standard error as the log does: waits for no reader.")
        .def("leave", &Server::leave, py::arg("cause"), py::call_guard<py::gil_scoped_release>(),
             "From now on `/readyz` answers 503; everything else is served on. The cause is for the log.")
        .def("stop", &Server::stop, py::arg("cause") = "", py::call_guard<py::gil_scoped_release>(),
             "Stops listening and waits for requests under way, at most the drain time. The cause is for the "
             "log. "
             "Once only.");
}

}  // namespace ocilot::python
