#pragma once

#include "http/core/endpoint.h"
#include "http/core/route_match.h"

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ocilot::http {

/// What any endpoint may answer besides its own.
[[nodiscard]] Errors common_errors() noexcept;

/// The rows of one resource. They are checked while they compile: a row that no path finds is an error.
class RouteTable {
  public:
    template <std::size_t size>
    consteval RouteTable(Endpoint const (&rows)[size]) : rows_(rows) {
        for (std::size_t at = 0; at < size; ++at) {
            if (!is_reachable(rows_, at)) a_row_of_the_table_never_matches();
        }
    }
    [[nodiscard]] constexpr std::span<Endpoint const> rows() const noexcept { return rows_; }

  private:
    /// Not constexpr: a call of it does not compile, and the compiler shows its name.
    static void a_row_of_the_table_never_matches();

    std::span<Endpoint const> rows_;
};

/// The route table of a registry: the tables of its resources, one after the other. Thread-safe.
class Routes {
  public:
    Routes(std::initializer_list<RouteTable> tables);

    /// All rows, in order.
    [[nodiscard]] std::span<Endpoint const> endpoints() const noexcept { return endpoints_; }
    /// The first row that fits a decoded path. Read from the right, so that a repository may have components
    /// called `blobs`, `manifests`, `tags`, `uploads` or `referrers`. nullopt if there is none.
    [[nodiscard]] std::optional<Route> find(std::string_view path) const noexcept;

  private:
    std::vector<Endpoint> endpoints_;
};

}  // namespace ocilot::http
