#pragma once

#include "auth/rate_limits.h"
#include "http/core/context.h"
#include "http/core/operation.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::http {

using Handle = Task<Result<Response>> (*)(Context const&);

/// An answer that is no error.
struct Success {
    unsigned status = 0;  ///< 0: none
    std::string_view meaning = {};
    Schema const* body = nullptr;  ///< JSON of the administration API; null: another one, or none
    std::string_view stream = {};  ///< media type that a client may ask for instead; empty: none
};

/// A set of errors.
class Errors {
  public:
    constexpr Errors(std::initializer_list<Errc> codes) {
        for (auto const code : codes) bits_ |= bit(code);
    }
    [[nodiscard]] constexpr bool has(Errc code) const noexcept { return (bits_ & bit(code)) != 0; }

  private:
    static constexpr std::uint64_t bit(Errc code) noexcept {
        return std::uint64_t{1} << static_cast<unsigned>(code);
    }
    std::uint64_t bits_ = 0;
};

/// What a request reaches beside the repository in its path, and so what its token has to be for.
enum class ChallengeScope : std::uint8_t {
    path,     ///< nothing
    catalog,  ///< the list of all repositories
    mount,    ///< the repository that `?from=` names, if `?mount=` is given
};

/// One method of an endpoint: what it takes to be allowed, who answers, and what may be answered.
struct Verb {
    Method method;
    std::optional<policy::Action> action;  ///< nullopt: anybody may
    Handle handle;
    std::string_view purpose;
    std::array<Success, 3> successes;
    Errors errors;                            ///< beside those that every endpoint may answer
    std::optional<Operation> operation = {};  ///< every verb of the administration API has one
    ChallengeScope challenge_scope = ChallengeScope::path;
    std::optional<auth::RequestClass> rate = {};  ///< nullopt: a read or a write, by the method
};

/// A list that is answered in pages.
inline constexpr Success list_page{200, "The list. `Link` has the URL of the next page, if any."};
/// The same in the administration API.
constexpr Success page_of(Schema const& body) noexcept {
    return {list_page.status, list_page.meaning, &body};
}
inline constexpr Success not_modified{304, "Not modified (`If-None-Match`)."};

/// A row of the route table.
struct Endpoint {
    /// `/v2/<name>/tags/list`; `<name>` is one or more segments, `<item>` is one. A name ends where `after`
    /// fits last, so that a repository may have components like any of our words.
    std::string_view pattern;
    std::string_view name;  ///< for logs and metrics
    std::span<Verb const> verbs;
    /// The pattern in pieces: `before`, a name, `after`, an item, `tail`.
    struct Shape {
        std::string_view before;
        std::string_view after;
        std::string_view tail;
        bool has_name = false;
        bool has_item = false;
        bool open_end = false;  ///< a slash may follow or not
    } shape;

    /// The verb for a method; HEAD is GET's. Null if the endpoint does not know the method.
    [[nodiscard]] Verb const* find(Method method) const noexcept;
    /// Value of an `Allow` header; `except` leaves out a method that is switched off.
    [[nodiscard]] std::string allow(std::optional<Method> except = std::nullopt) const;
};

/// A row of a table. Takes its pattern apart, once and for all. A slash at its end is optional in a path.
constexpr Endpoint row(std::string_view pattern, std::string_view name, std::span<Verb const> verbs) {
    constexpr std::string_view name_mark = "<name>";
    constexpr std::string_view item_mark = "<item>";
    Endpoint endpoint{.pattern = pattern, .name = name, .verbs = verbs, .shape = {}};
    auto& shape = endpoint.shape;
    shape.open_end = pattern.ends_with('/');
    if (shape.open_end) pattern.remove_suffix(1);
    auto const item = pattern.find(item_mark);
    shape.has_item = item != std::string_view::npos;
    if (shape.has_item) {
        shape.tail = pattern.substr(item + item_mark.size());
        pattern = pattern.substr(0, item);
    }
    auto const mark = pattern.find(name_mark);
    shape.has_name = mark != std::string_view::npos;
    shape.before = pattern.substr(0, mark);
    if (shape.has_name) shape.after = pattern.substr(mark + name_mark.size());
    return endpoint;
}

}  // namespace ocilot::http
