#include "python/bind.h"

PYBIND11_MODULE(_core, module) {
    module.doc() = "The registry's core: storage engine and server, in C++.";
    module.attr("__version__") = OCILOT_VERSION;
    ocilot::python::init_errors(module);
    ocilot::python::init_settings(module);
    ocilot::python::init_hookbox(module);
    ocilot::python::init_server(module);
    ocilot::python::init_protocol(module);
    ocilot::python::init_fsck(module);
    ocilot::python::init_import(module);
    ocilot::python::init_backup(module);
    ocilot::python::init_passwords(module);
    ocilot::python::init_repository_pattern(module);
    ocilot::python::init_gzip(module);
}
