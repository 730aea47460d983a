#pragma once

#include "http/handlers.h"

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

/// One method of an endpoint: what it takes to be allowed, who answers, and what may be answered.
struct Verb {
    Method method;
    std::optional<policy::Action> action;  ///< nullopt: anybody may
    Handle handle;
    std::string_view purpose;
    std::array<Success, 3> successes;
    Errors errors;  ///< beside those that every endpoint may answer
};

/// A row of the route table.
struct Endpoint {
    std::string_view pattern;  ///< `/v2/<name>/tags/list`; `<name>` is one or more segments, `<item>` is one
    std::string_view name;     ///< for logs and metrics
    std::span<Verb const> verbs;
    /// The pattern in pieces: `before`, a name, `after`, an item.
    struct Shape {
        std::string_view before;
        std::string_view after;
        bool has_name = false;
        bool has_item = false;
        bool open_end = false;  ///< a slash may follow or not
    } shape;

    /// The verb for a method; HEAD is GET's. Null if the endpoint does not know the method.
    [[nodiscard]] Verb const* find(Method method) const noexcept;
    /// Value of an `Allow` header; `except` leaves out a method that is switched off.
    [[nodiscard]] std::string allow(std::optional<Method> except = std::nullopt) const;
};

/// A path that found its row. Borrows the path.
struct Route {
    Endpoint const* endpoint;
    std::string_view name;  ///< what `<name>` stands for, not yet checked
    std::string_view item;  ///< what `<item>` stands for, not yet checked
};

/// What any endpoint may answer besides its own.
[[nodiscard]] Errors common_errors() noexcept;

/// All rows.
[[nodiscard]] std::span<Endpoint const> endpoints() noexcept;

/// The row of a decoded path. Read from the right, so that a repository may have components called `blobs`,
/// `manifests`, `tags`, `uploads` or `referrers`. nullopt if there is none.
[[nodiscard]] std::optional<Route> find_route(std::string_view path) noexcept;

}  // namespace ocilot::http
