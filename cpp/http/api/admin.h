#pragma once

#include "base/clock.h"
#include "http/core/context.h"
#include "http/core/schema.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

namespace ocilot::http {

// What the handlers of the administration share.

/// not_found where there is nothing to administer; who may do it the guard has decided already.
[[nodiscard]] Result<> check_administrable(Context const& context);

/// A document as an answer that nobody may keep.
[[nodiscard]] Response json_response(unsigned status, nlohmann::ordered_json const& document);

/// `null` for none.
[[nodiscard]] nlohmann::ordered_json json_time(std::optional<Time> const& time);

/// A flag of the query; nullopt if absent, bad_request if it is neither `true` nor `false`.
[[nodiscard]] Result<std::optional<bool>> query_flag(Query const& query, Field const& field);

inline constexpr Field before_id =
    optional({"before", schema::id, "Id of the entry after which the page starts."});
/// The id of an entry that a page ends before; bad_request if it is not a positive number.
[[nodiscard]] Result<std::optional<std::int64_t>> query_before(Query const& query);

inline constexpr Field started_round_fields[] = {
    {"name", schema::any_text, "The job."},
    {"round", schema::count, "The round has ended when `rounds` of the job is at least this."},
    {"already_running", schema::boolean}};
/// A round of a job that was asked for.
inline constexpr Schema started_round = schema::object_of("StartedRound", started_round_fields);

/// Notes in the audit log that the caller of a request started or cancelled a round of a job.
Task<Result<>> note_job(Context const& context, meta::ChangeKind kind, std::string_view job);

}  // namespace ocilot::http
