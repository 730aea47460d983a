#include "oci/image_name.h"
#include "oci/repository_pattern.h"
#include "python/bind.h"

#include <string>

namespace ocilot::python {

namespace {

oci::RepositoryPattern parse(std::string const& text) {
    return value_or_raise(oci::RepositoryPattern::parse(text));
}

bool matches(oci::RepositoryPattern const& pattern, std::string const& name) {
    return pattern.matches(value_or_raise(oci::RepositoryName::parse(name)));
}

}  // namespace

void init_repository_pattern(py::module_& module) {
    py::class_<oci::RepositoryPattern>(
        module, "RepositoryPattern",
        "A set of repositories: `*` within a component, a component `**` for any "
        "number of components.")
        .def(py::init(&parse), py::arg("text"), "Raises ConfigError for an invalid pattern.")
        .def("matches", &matches, py::arg("name"),
             "Whether a repository matches. Raises Error for an invalid name.")
        .def_property_readonly("text", &oci::RepositoryPattern::str, "As it was written.");
    module.def(
        "is_image_name", [](std::string const& text) { return oci::ImageName::parse(text).has_value(); },
        py::arg("text"),
        "Whether a list of images in use may have this line: a reference such as `team/app:v1`, with or "
        "without a registry.");
}

}  // namespace ocilot::python
