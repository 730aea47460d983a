#include "auth/passwords.h"
#include "python/bind.h"

#include <string>

namespace ocilot::python {

namespace {

bool verify_password(std::string const& password, std::string const& hash) {
    py::gil_scoped_release const released;
    return auth::verify_password(password, hash);
}

}  // namespace

void init_passwords(py::module_& module) {
    module.def("verify_password", &verify_password, py::arg("password"), py::arg("hash"),
               "Whether it is the password of a bcrypt, yescrypt or SHA-512 hash. Slow on purpose.");
}

}  // namespace ocilot::python
