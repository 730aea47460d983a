#pragma once

#include "http/api/event_schema.h"
#include "http/core/context.h"
#include "http/core/page.h"
#include "jobs/webhooks.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::http {

// What the resources of webhooks and of hooks say of changes that wait for their consumers.

inline constexpr Field parked_fields[] = {
    {"change", schema::id, "Id of the entry in the change log."},
    {"repository", schema::any_text},
    {"parked_at", schema::time},
    {"attempts", schema::count},
    {"error", schema::or_null(schema::any_text), "Of the last attempt."},
    {"events", event_schema::event_list}};
inline constexpr Schema parked_schema = schema::object_of("ParkedChange", parked_fields);
inline constexpr Field parked_list_fields[] = {{"parked", schema::list_of(parked_schema), "Oldest first."}};
inline constexpr Schema parked_list = schema::object_of("ParkedChangeList", parked_list_fields);

inline constexpr Field after_change =
    optional({"after", schema::id, "Id of the change after which the page starts."});
inline constexpr Field one_change = optional({"change", schema::id, "Id of a parked change; missing: all."});

/// A change in the query, by its id; nullopt if absent.
[[nodiscard]] Result<std::optional<std::int64_t>> query_change(Query const& query, Field const& field);

/// Which parked changes are asked for.
struct ParkedQuery {
    std::int64_t after = 0;
    std::size_t size = 0;

    static Result<ParkedQuery> parse(Query const& query);
    /// What to ask the store for: one more tells whether there is another page.
    [[nodiscard]] std::size_t limit() const noexcept { return size + 1; }
};

/// The page that was asked for. The URL of the next one has `own` parameters too.
Task<Response> parked_page(registry::Registry& registry, ParkedQuery const& wanted, meta::HeldPage page,
                           std::string path, Parameters own = {});

/// Notes for the audit log what an administrator did to parked changes of a consumer, if there were any.
[[nodiscard]] Task<Result<>> note_parked(Context const& context, meta::ChangeKind kind, std::string consumer,
                                         std::size_t count);

/// `null` for an empty text.
[[nodiscard]] nlohmann::ordered_json error_or_null(std::string const& text);

}  // namespace ocilot::http
