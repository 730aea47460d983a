#include "auth/resource.h"

#include "promise.h"
#include "targets.h"

#include <algorithm>

namespace ocilot::fuzz {

namespace {

void robot_scope(std::string_view input) {
    auto const scopes = auth::parse_robot_scopes(std::vector{std::string(input)});
    if (scopes.has_error()) {
        promise(scopes.error().code == Errc::bad_request, "a bad scope is a bad request");
        return;
    }
    promise(*scopes != nullptr, "a scope limits");
    promise(!(*scopes)->covers({std::nullopt, policy::Action::admin}),
            "no scope is about the registry itself");
}

}  // namespace

void resource(std::string_view input) {
    robot_scope(input);
    auto const scope = auth::parse_scope(input);
    if (scope.has_error()) {
        promise(scope.error().code == Errc::bad_request, "a bad scope is a bad request");
        return;
    }
    promise(scope->size() <= auth::max_resources, "there is a most of what can be asked for");
    for (auto const& resource : *scope) {
        promise(!resource.type.empty() && resource.type.find_first_of("(): ") == std::string::npos,
                "a type is a word");
        promise(!resource.name.empty() && resource.name.find_first_of(" \"\\,\r\n") == std::string::npos,
                "a name can stand in a challenge");
        promise(!resource.rights.allow(policy::Action::admin), "nobody becomes an administrator by asking");
    }
    // What gives nothing is not written: it could not be read again.
    auto written = *scope;
    std::erase_if(written, [](auto const& resource) { return resource.rights.empty(); });
    auto const again = auth::parse_scope(auth::to_scope(written));
    promise(again.has_value() && *again == written, "a scope is read as it was written");
}

}  // namespace ocilot::fuzz
