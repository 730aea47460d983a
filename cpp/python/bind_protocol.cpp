#include "python/bind.h"
#include "server/protocol.h"

#include <pybind11/stl.h>

namespace ocilot::python {

namespace {

py::list endpoints() {
    py::list rows;
    for (auto const& row : server::protocol_endpoints()) {
        rows.append(py::make_tuple(row.name, row.pattern, row.method, row.action, row.purpose, row.successes,
                                   row.errors, row.accepts));
    }
    return rows;
}

py::list errors() {
    py::list rows;
    for (auto const& row : server::protocol_errors()) {
        rows.append(py::make_tuple(row.name, row.status, row.code, row.message, row.common));
    }
    return rows;
}

}  // namespace

void init_protocol(py::module_& module) {
    module.def("endpoints", &endpoints,
               "The route table: name, pattern, method, right, purpose, (status, meaning) pairs, names "
               "of errors, and what it accepts: place, name, whether required, meaning.");
    module.def("errors", &errors,
               "The error table: name, status, code, message, whether every endpoint may answer it.");
}

}  // namespace ocilot::python
