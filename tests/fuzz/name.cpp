#include "oci/name.h"

#include "grammar.h"
#include "promise.h"
#include "targets.h"

void ocilot::fuzz::name(std::string_view input) {
    auto const name = oci::RepositoryName::parse(input);
    promise(name.has_value() == is_name(input), "a name is one exactly if the grammar says so");
    if (name.has_value()) {
        promise(name->str() == input, "a name is written as it was read");
    } else {
        promise(name.error().code == Errc::name_invalid, "anything else is name_invalid");
    }
}
