#include "auth/resource.h"

#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::auth {

namespace {

using Right = policy::Rights::Right;

/// `type[(class)]:name:actions`, taken apart.
struct Parts {
    std::string_view type;
    std::string_view name;
    std::string_view actions;
};

Error invalid(std::string_view scope, std::string_view why) {
    return {Errc::bad_request, fmt::format("invalid scope {}: {}; expected a scope such as "
                                           "repository:team/app:pull,push or registry:catalog:*",
                                           quote(scope), why)};
}

bool is_word(std::string_view text) noexcept {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

/// Printable, and safe within the quotes of a challenge.
bool is_scope_name(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != ',';
    });
}

/// What stands between the commas.
std::vector<std::string_view> words_of(std::string_view actions) {
    std::vector<std::string_view> words;
    for (;;) {
        auto const comma = actions.find(',');
        words.push_back(actions.substr(0, comma));
        if (comma == actions.npos) return words;
        actions.remove_prefix(comma + 1);
    }
}

Result<Parts> take_apart(std::string_view scope) {
    auto const first = scope.find(':');
    auto const last = scope.rfind(':');
    if (first == last) return invalid(scope, "type, name or actions are missing");
    Parts parts{scope.substr(0, first), scope.substr(first + 1, last - first - 1), scope.substr(last + 1)};
    if (auto const open = parts.type.find('('); open != parts.type.npos) {
        auto const name_of_class = parts.type.substr(open + 1);
        if (!name_of_class.ends_with(')') || !is_word(name_of_class.substr(0, name_of_class.size() - 1)))
            return invalid(scope, "the class in parentheses is malformed");
        parts.type = parts.type.substr(0, open);
    }
    if (!is_word(parts.type)) return invalid(scope, "the type has characters other than a-z and 0-9");
    if (!is_scope_name(parts.name)) return invalid(scope, "the name is empty or has invalid characters");
    return parts;
}

bool is_action(std::string_view text) noexcept {
    return text == "*" || (!text.empty() && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || c == '_' || c == '-';
           }));
}

Result<Resource> parse_resource(std::string_view scope) {
    TRY(auto const parts, take_apart(scope));
    Resource resource{std::string(parts.type), std::string(parts.name)};
    for (auto const action : words_of(parts.actions)) {
        if (!is_action(action)) return invalid(scope, "an action is neither a lower-case word nor *");
        resource.add(action);
    }
    return resource;
}

Result<> add_robot_scope(policy::CredentialScope& allowance, std::string_view scope) {
    TRY(auto const parts, take_apart(scope));
    if (parts.type == "registry") {
        if (parts.name != "catalog" || parts.actions != "*")
            return invalid(scope, "type registry supports only registry:catalog:*");
        allowance.add_catalog();
        return {};
    }
    if (parts.type != "repository") return invalid(scope, "the type is neither repository nor registry");
    auto pattern = oci::RepositoryPattern::parse(parts.name);
    if (pattern.has_error()) return Error{Errc::bad_request, std::move(pattern).error().message};
    policy::Rights rights;
    for (auto const word : words_of(parts.actions)) {
        auto const right = policy::Rights::parse(word);
        if (!right && word != "*") return invalid(scope, "unknown action");
        if (right) rights.add(*right);
        if (word == "*") rights.add(policy::Rights::any());
    }
    allowance.add(std::move(*pattern), rights);
    return {};
}

}  // namespace

void Resource::add(std::string_view action) noexcept {
    if (action == "*") rights.add(policy::Rights::any());
    // Nothing that a token says makes an administrator.
    auto const right = policy::Rights::parse(action);
    if (right && *right != Right::admin) rights.add(*right);
}

std::string Resource::str() const {
    return fmt::format("{}:{}:{}", type, name, rights == policy::Rights::any() ? "*" : rights.str());
}

Result<std::vector<Resource>> parse_scope(std::string_view text) {
    std::vector<Resource> resources;
    std::size_t taken = 0;  // Bytes.
    while (!text.empty()) {
        auto const end = std::min(text.find(' '), text.size());
        auto const scope = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (scope.empty()) continue;
        TRY(auto resource, parse_resource(scope));
        auto const same = std::ranges::find_if(resources, [&](Resource const& other) {
            return other.type == resource.type && other.name == resource.name;
        });
        if (same != resources.end()) {
            same->rights.add(resource.rights);
            continue;
        }
        taken += scope.size();
        if (resources.size() == max_resources || taken > longest_scope) break;
        resources.push_back(std::move(resource));
    }
    return resources;
}

std::string to_scope(std::span<Resource const> resources) {
    std::string out;
    for (auto const& resource : resources) {
        if (!out.empty()) out += ' ';
        out += resource.str();
    }
    return out;
}

std::shared_ptr<policy::CredentialScope const> credential_scope(std::span<Resource const> resources) {
    auto allowance = std::make_shared<policy::CredentialScope>();
    for (auto const& resource : resources) {
        if (resource.repository()) allowance->add(resource.name, resource.rights);
        if (resource.catalog()) allowance->add_catalog();
    }
    return allowance;
}

Result<std::shared_ptr<policy::CredentialScope const>> parse_robot_scopes(
    std::span<std::string const> scopes) {
    if (scopes.empty()) return std::shared_ptr<policy::CredentialScope const>();
    auto allowance = std::make_shared<policy::CredentialScope>();
    for (auto const& scope : scopes) {
        CHECK(add_robot_scope(*allowance, scope));
    }
    return std::shared_ptr<policy::CredentialScope const>(std::move(allowance));
}

}  // namespace ocilot::auth
